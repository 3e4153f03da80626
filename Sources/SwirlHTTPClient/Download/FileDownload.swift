import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor
import SwirlHTTPCore

/// A download: a request for the rest if there is a part to resume, and one for the whole if that fails. Used on the
/// reactor's thread.
final class FileDownload {
  private let request: HTTPClient.Request
  private let part: PartFile
  /// The part to resume; nil for the whole.
  private var rest: PartFile.Rest?
  private let client: HTTPClient
  private let acceptsAnyStatus: Bool
  private let progress: ((Int, Int?) -> Void)?
  private let writer: PartWriter
  private var received = 0
  /// How long the file will be, if the server said so.
  private var total: Int?
  /// Where the content of this response ends, if the server said so.
  private var end: Int?
  private var resumedAt = 0
  /// Whether the server's response was contradictory.
  private var isDoubtful = false

  /// The part cannot be resumed.
  private struct StartAgain: Error {}

  init(
    _ request: HTTPClient.Request, _ part: PartFile, _ rest: PartFile.Rest?, acceptingAnyStatus: Bool,
    _ client: HTTPClient, _ progress: ((Int, Int?) -> Void)?
  ) {
    self.request = request
    self.part = part
    self.client = client
    acceptsAnyStatus = acceptingAnyStatus
    self.progress = progress
    writer = PartWriter(part, on: client.reactor)
    // Ranges are of GET alone (RFC 9110 §14.2).
    if request.method == .get, !request.headers.contains(.range), let rest, rest.origin.requested == request.url,
      rest.length <= rest.origin.total ?? .max
    {
      self.rest = rest
    }
  }

  func start() -> Deferred<HTTPClient.Download> {
    var request = request
    if let rest {
      // Request the last byte again if the part may be complete: no server sends an empty range.
      let isShort = rest.origin.total.map { rest.length < $0 } ?? false
      request.setRange((isShort ? rest.length : rest.length - 1)...)
      request.headers[fields: .ifRange] = [HTTPField(name: .ifRange, value: rest.origin.validator)]
    }
    return client.fetch(request, CallSite(), begin, take).addBoth(finish)
  }

  // MARK: - The head

  private func begin(_ response: HTTPClient.Response) throws {
    let range = response["content-range"].flatMap { ContentRange($0) }
    switch response.status.code {
    case 206:
      if let rest { try resume(rest, range, response) } else { try takeRange(range, response) }
    case 416 where rest != nil: throw StartAgain()
    case 200..<300:
      // Some servers send the range, and 200 for it.
      if response.status == 200, let positions = range?.positions,
        positions != 0..<(range?.total ?? positions.upperBound)
      {
        if rest != nil { throw StartAgain() }
        throw error(.invalidResponse, response, "the server sent a part, and says that it is the whole", status: 200)
      }
      let length = lengthOfContent(response)
      startOver(response, length)
    case _ where acceptsAnyStatus && rest == nil: startOver(response, lengthOfContent(response))
    default:
      throw HTTPError(
        .status, request.method.rawValue, response.url, "the server answered \(response.status)",
        status: response.status)
    }
  }

  private func startOver(_ response: HTTPClient.Response, _ length: Int?) {
    total = length
    end = length
    let isWhole = response.status == 200 && request.method == .get && !request.headers.contains(.range)
    writer.beginning = (0, isWhole ? PartOrigin(response, total: length, to: request) : nil)
  }

  /// The rest of a part. A server may begin earlier than it was asked to, and end earlier.
  private func resume(_ rest: PartFile.Rest, _ range: ContentRange?, _ response: HTTPClient.Response) throws {
    guard let range, let positions = range.positions, positions.lowerBound <= rest.length,
      let total = range.total ?? rest.origin.total, positions.upperBound <= total,
      (lengthOfContent(response) ?? positions.count) == positions.count, !response.isMultipart,
      rest.origin.mayInclude(response, total: range.total)
    else { throw StartAgain() }
    received = positions.lowerBound
    resumedAt = received
    end = positions.upperBound
    self.total = total
    var origin: PartOrigin? = rest.origin
    origin?.total = total
    // Keep the stored origin, unless the file starts again or the new one knows more.
    if received > 0, origin == rest.origin { origin = nil }
    writer.beginning = (received, origin)
  }

  /// A range that the caller asked for.
  private func takeRange(_ range: ContentRange?, _ response: HTTPClient.Response) throws {
    guard let asked = request.headers[.range] else {
      throw error(.invalidResponse, response, "the server sent a part, and was asked for the whole", status: 206)
    }
    guard let positions = range?.positions, !response.isMultipart, positions.mayAnswer(asked),
      (lengthOfContent(response) ?? positions.count) == positions.count
    else {
      throw error(.invalidResponse, response, "the server sent another part than was asked for: \(asked)", status: 206)
    }
    startOver(response, positions.count)
  }

  /// nil without content, or if the head does not give its length.
  private func lengthOfContent(_ response: HTTPClient.Response) -> Int? {
    let hasNone = request.method == .head || response.status == 204 || response.status == .notModified
    return hasNone ? nil : response.head.contentLength
  }

  private func error(
    _ code: HTTPError.Code, _ response: HTTPClient.Response, _ reason: String, status: HTTPResponse.Status? = nil
  ) -> HTTPError {
    HTTPError(code, request.method.rawValue, response.url, reason, status: status)
  }

  // MARK: - The content

  private func take(_ bytes: [UInt8]) throws -> Deferred<Void>? {
    if let end, received + bytes.count > end {
      isDoubtful = true
      throw HTTPError(
        .invalidResponse, request.method.rawValue, request.url,
        "the server sent more than the \(end) bytes that it announced; download it again")
    }
    writer.add(bytes)
    received += bytes.count
    progress?(received, total)
    return writer.isFull ? writer.room() : nil
  }

  private func finish(_ result: Result<HTTPClient.Response, any Error>) throws -> Deferred<HTTPClient.Download> {
    switch result {
    case .failure(is StartAgain):
      rest = nil
      return start()
    // Another download may begin at once.
    case .failure(let error as CancelledError):
      writer.abandon()
      throw error
    case .failure(let error): return keep(error)
    case .success(let response):
      if let wanted = total ?? end, received != wanted {
        return keep(
          self.error(
            .closedEarly, response, "\(received) of \(wanted) bytes came; what came is kept: resume to get the rest"))
      }
      return writer.flush().addCallback { [self] in
        part.perform(on: client.reactor) { [received] part in try part.finish(received) }
      }
      .addCallback { [self] in
        HTTPClient.Download(
          url: response.url, status: response.status, headers: response.headers, path: part.path, size: received,
          resumedAt: resumedAt)
      }
    }
  }

  /// Leaves the received bytes to a later download.
  private func keep(_ error: any Error) -> Deferred<HTTPClient.Download> {
    writer.flush().addBoth { [self] _ in
      part.perform(on: client.reactor) { [isDoubtful] part in
        if isDoubtful { try? part.forgetOrigin() }
        part.leave()
      }
    }
    .addBoth { (_: Result<Void, any Error>) -> HTTPClient.Download in throw error }
  }
}

extension HTTPClient.Response {
  /// Whether its content is parts with heads of their own (RFC 9110 §14.6).
  fileprivate var isMultipart: Bool {
    self["content-type"]?.lowercased().hasPrefix("multipart/byteranges") ?? false
  }
}

extension Range<Int> {
  /// Whether these positions may answer the Range field. Only a field with a single range is compared; other forms are
  /// accepted.
  fileprivate func mayAnswer(_ field: String) -> Bool {
    guard field.hasPrefix("bytes="), !field.contains(",") else { return true }
    let ends = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2 else { return true }
    // The last so many bytes.
    guard let first = Int(ends[0]) else { return count <= Int(ends[1]) ?? .max }
    return lowerBound == first && upperBound - 1 <= Int(ends[1]) ?? .max
  }
}
