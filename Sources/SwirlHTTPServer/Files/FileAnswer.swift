import HTTPTypes
import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import SwirlSystem

/// The response with an open file, by the conditions and the Range of a request.
struct FileAnswer {
  let file: ReadableFile
  let status: FileStatus
  var type: String
  /// The content coding that the file is in.
  var coding: String?
  /// Fields of the response; they replace those that are made here.
  var headers = HTTPFields()

  /// By the time in nanoseconds and the length: another version of a file that has both would have to be written within
  /// the resolution of the file system's clock.
  var tag: EntityTag {
    let time = String(status.modified, radix: 16) + "." + String(status.nanoseconds, radix: 16)
    return EntityTag("\(time)-\(String(status.size, radix: 16))" + (coding.map { "-\($0)" } ?? ""))
  }

  /// - Parameter own: the status that the program has set: another one than 200 is that of the whole file, whatever the
  ///   conditions of the request.
  /// - Throws: 503 if too many files are being sent.
  func response(
    to request: HTTPServer.Request, status own: HTTPResponse.Status = .ok, on reactor: Reactor
  ) throws(HTTPServer.StatusError) -> HTTPServer.Response {
    let now = reactor.wallSeconds
    // A time in the future would never be older than a copy (RFC 9110 §8.8.2.1).
    let modified = min(max(status.modified, 0), now)
    var fields: HTTPFields = [
      .contentType: type, .acceptRanges: "bytes", .lastModified: HTTPDate.format(modified), .eTag: tag.description,
    ]
    if let coding { fields[.contentEncoding] = coding }
    for field in headers { fields[fields: field.name] = [] }
    for field in headers { fields.append(field) }
    var response = HTTPServer.Response(own, .empty)
    response.headers = fields
    if own != .ok {
      // A tag and a time are of a file that might be asked for again; ranges are offered by a 200 alone.
      for name in [HTTPField.Name.eTag, .lastModified, .acceptRanges] where !headers.contains(name) {
        response.headers[name] = nil
      }
      response.content = try content([.range(0..<status.size)], request, reactor)
      return response
    }
    // The program may have its own tag for the file.
    let tag = fields[.eTag].flatMap { EntityTag(parsing: $0) }
    let preconditions = Preconditions(request.head)
    switch preconditions.outcome(tag: tag, lastModified: modified, now: now) {
    case .notModified: return response.notModified
    case .failed: return HTTPServer.StatusError.preconditionFailed.with(headers.beyondContent).response
    case .proceed: break
    }
    if preconditions.allowsRange(tag: tag, lastModified: modified, now: now) {
      response = try response.selecting(request, length: status.size) { (parts) throws(HTTPServer.StatusError) in
        try content(parts, request, reactor)
      }
    }
    if response.status == .ok { response.content = try content([.range(0..<status.size)], request, reactor) }
    return response
  }

  private func content(
    _ parts: [BodyPart], _ request: HTTPServer.Request, _ reactor: Reactor
  ) throws(HTTPServer.StatusError) -> HTTPServer.Response.Content {
    // A small file in memory is sent with the head, in one call. For a HEAD as well, whose fields are those of a GET,
    // also of one that is compressed.
    if parts.count == 1, case .range(let range) = parts[0], range.count <= FileSender.smallest,
      case .bytes(let bytes) = file.readCached(range), bytes.count == range.count
    {
      return .bytes(bytes)
    }
    guard let counted = CountedFile(of: request) else {
      throw HTTPServer.StatusError.tooManyFiles.with(headers.beyondContent)
    }
    return .stream(length: parts.reduce(0) { $0 + $1.count }) { [file] writer in
      FileSender(writer, file, counted, parts, on: reactor).start()
    }
  }
}
