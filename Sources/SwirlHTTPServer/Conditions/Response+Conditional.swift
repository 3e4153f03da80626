import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor

extension HTTPServer.Response {
  /// What a GET or HEAD gets by its conditions and its Range: this response, a 304, a 412, a part of it (206), or a 416
  /// (RFC 9110 §13.2.2).
  ///
  /// ```swift
  /// HTTPServer { request in
  ///   .bytes(picture, type: "image/png").with(.eTag, EntityTag(hashing: picture).description)
  ///     .conditional(for: request)
  /// }
  /// ```
  ///
  /// The validators are the fields ETag and Last-Modified of this response. A response of another status than 200, and
  /// one to another method, is returned as it is: check the conditions of a request that changes something before it
  /// does, with ``HTTPServer/Request/checkPreconditions(tag:lastModified:exists:)``. Content in memory may be answered
  /// in parts; ranges that overlap are joined, and absurd lists of them ignored. A stream is sent whole. Tornado does
  /// this in `RequestHandler.finish`; Werkzeug: `make_conditional`.
  ///
  /// - Parameters:
  ///   - request: the request that this answers.
  ///   - lastModified: when the content changed last, in seconds since 1970: sets the field Last-Modified.
  public func conditional(for request: HTTPServer.Request, lastModified: Int? = nil) -> HTTPServer.Response {
    var response = self
    if let lastModified { response.headers[.lastModified] = HTTPDate.format(lastModified) }
    guard status.code == 200 else { return response }
    let preconditions = Preconditions(request.head)
    guard preconditions.isReading else { return response }
    let now = WallClock.now
    let fields = response.fields
    let tag = fields?[.eTag].flatMap { EntityTag(parsing: $0) }
    let modified = fields?[.lastModified].flatMap { HTTPDate.parseAny($0, now: now) }
    switch preconditions.outcome(tag: tag, lastModified: modified, now: now) {
    case .notModified: return response.notModified
    case .failed: return HTTPServer.StatusError.preconditionFailed.with(response.headers.beyondContent).response
    case .proceed: break
    }
    guard let bytes = response.wholeBytes else { return response }
    response.headers[.acceptRanges] = "bytes"
    guard preconditions.allowsRange(tag: tag, lastModified: modified, now: now) else { return response }
    return response.selecting(request, length: bytes.count) { .bytes($0.joined(of: bytes)) }
  }

  private var wholeBytes: [UInt8]? {
    switch content {
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    case .empty, .stream, .upgrade, .webSocket, .prepared: nil
    }
  }

  /// This response as a 304: without its content and the fields that describe it (RFC 9110 §15.4.5).
  var notModified: HTTPServer.Response {
    var response = HTTPServer.Response.status(.notModified)
    var fields = self.fields ?? HTTPFields()
    for name in HTTPFields.ofContent { fields[fields: name] = [] }
    // Only a client that has no tag needs the time.
    if fields.contains(.eTag) { fields[.lastModified] = nil }
    response.headers = fields
    return response
  }

  /// This response, or the parts that a GET asks for.
  /// - Parameters:
  ///   - length: that of the whole content.
  ///   - make: the content of these parts.
  func selecting<Failure: Error>(
    _ request: HTTPServer.Request, length: Int, _ make: ([BodyPart]) throws(Failure) -> Content
  ) throws(Failure) -> HTTPServer.Response {
    // Range has a meaning for GET alone (RFC 9110 §14.2).
    guard request.method == .get, let field = request.head["range"] else { return self }
    var response = self
    switch RangeSelection(field, length: length) {
    case .whole: return self
    case .unsatisfiable:
      response =
        HTTPServer.StatusError(
          .rangeNotSatisfiable, "416 Range Not Satisfiable: the content has \(length) bytes"
        ).with(headers.beyondContent).response
      response.headers[.contentRange] = "bytes */\(length)"
      response.headers[.acceptRanges] = "bytes"
      return response
    case .parts(let ranges):
      response.status = .partialContent
      if ranges.count == 1 {
        response.headers[.contentRange] = "bytes \(ranges[0].lowerBound)-\(ranges[0].upperBound - 1)/\(length)"
        response.content = try make([.range(ranges[0])])
      } else {
        let multipart = MultipartRanges(ranges, of: length, type: response.headers[.contentType])
        response.headers[.contentType] = multipart.type
        response.content = try make(multipart.parts)
      }
      return response
    }
  }
}

/// A piece of a response's content: bytes, or a range of its file.
enum BodyPart: Sendable, Equatable {
  case bytes([UInt8])
  case range(Range<Int>)

  var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .range(let range): range.count
    }
  }
}

extension [BodyPart] {
  fileprivate func joined(of content: [UInt8]) -> [UInt8] {
    var joined: [UInt8] = []
    joined.reserveCapacity(reduce(0) { $0 + $1.count })
    for part in self {
      switch part {
      case .bytes(let bytes): joined += bytes
      case .range(let range): joined += content[range]
      }
    }
    return joined
  }
}

/// Several ranges as one content (RFC 9110 §14.6).
struct MultipartRanges {
  let parts: [BodyPart]
  /// The value of Content-Type.
  let type: String

  /// - Parameter type: that of the whole content, if it has one.
  init(_ ranges: [Range<Int>], of length: Int, type: String?) {
    // Random, so that no content has it by chance or on purpose.
    var random = HouseRandom()
    let boundary = random.token()
    var parts: [BodyPart] = []
    for range in ranges {
      var head = parts.isEmpty ? "--\(boundary)\r\n" : "\r\n--\(boundary)\r\n"
      if let type { head += "Content-Type: \(type)\r\n" }
      head += "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)\r\n\r\n"
      parts.append(.bytes(Array(head.utf8)))
      parts.append(.range(range))
    }
    parts.append(.bytes(Array("\r\n--\(boundary)--\r\n".utf8)))
    self.parts = parts
    self.type = "multipart/byteranges; boundary=\(boundary)"
  }
}
