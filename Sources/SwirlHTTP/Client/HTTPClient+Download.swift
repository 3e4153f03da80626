public import HTTPTypes
public import SwirlDeferred
import SwirlReactor
import SwirlSystem

extension HTTPClient {
  /// A file that was downloaded.
  public struct Download: Sendable {
    /// The URL that answered.
    public let url: String
    /// The fields of the answer.
    public let headers: HTTPFields
    /// Where the file is.
    public let path: String
    /// How long it is, in bytes.
    public let size: Int
    /// How much of it was there before, from an earlier try.
    public let resumedAt: Int
  }

  /// Asks for `request` and writes the content to the file `path` while it comes; it is never in memory as a whole.
  ///
  /// Until all is there it is written to `path.part`, which then takes the place of `path`. The file is written on the reactor's
  /// thread pool, and a slow disk makes the server wait. What was written is kept when the download fails, for a later one
  /// that resumes; other failures than of the network remove nothing that was there before. A status that is no success is an
  /// ``HTTPError`` of code `.status`. Cancelling the Deferred ends the request.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - path: the file.
  ///   - resuming: whether to go on with what an earlier download left, if the server can send the rest alone (RFC 9110 §14).
  ///   - progress: told on the reactor's thread how many bytes there are, and how many there will be where that is known.
  public func download(
    _ request: Request, to path: String, resuming: Bool = false,
    progress: ((_ received: Int, _ total: Int?) -> Void)? = nil
  ) -> Deferred<Download> {
    let part = PartFile(path)
    return reactor.deferToThread { try part.open(resuming: resuming) }.addCallback {
      [self] start -> Deferred<Download> in
      var request = request
      // Positions are those of what is sent.
      request.decodesContent = false
      if !request.headers.contains(.acceptEncoding) { request.headers[.acceptEncoding] = "identity" }
      if start > 0 { request.setRange(start...) }
      return stream(request).addCallback { response in
        Deferred { try await self.save(response, to: request, in: part, from: start, progress) }
      }
    }
  }

  private func save(
    _ response: StreamedResponse, to request: Request, in part: PartFile, from start: Int,
    _ progress: ((Int, Int?) -> Void)?
  ) async throws -> Download {
    let reactor = reactor
    let rest = response.header("content-range").flatMap { ContentRange($0) }
    var received = 0
    switch response.status.code {
    case 206 where start > 0 && rest?.start == start: received = start
    case 206 where start == 0 || rest?.start == 0: break
    // All of it was there already.
    case 416 where start > 0 && rest?.total == start: return try await finish(response, part, size: start, from: start)
    case 206:
      throw HTTPError(
        .status, request.method.rawValue, response.url, "the server sent another part than was asked for", status: 206)
    case 200..<300:
      if start > 0 { try await reactor.deferToThread { try part.restart() }.value }
    default:
      throw HTTPError(
        .status, request.method.rawValue, response.url, "the server answered \(response.status)",
        status: response.status.code)
    }
    let length = response.header("content-length").flatMap { Int($0) }
    let total = rest?.total ?? length.map { received + $0 }
    let resumedAt = received
    for try await bytes in response.body {
      try await reactor.deferToThread { try part.write(bytes) }.value
      received += bytes.count
      progress?(received, total)
    }
    return try await finish(response, part, size: received, from: resumedAt)
  }

  private func finish(
    _ response: StreamedResponse, _ part: PartFile, size: Int, from start: Int
  ) async throws -> Download {
    try await reactor.deferToThread { try part.finish() }.value
    return Download(url: response.url, headers: response.headers, path: part.path, size: size, resumedAt: start)
  }
}

/// The positions in a Content-Range field (RFC 9110 §14.4).
struct ContentRange {
  /// nil where the range that was asked for is not there.
  let start: Int?
  /// nil where the sender does not know.
  let total: Int?

  init?(_ value: String) {
    guard value.hasPrefix("bytes ") else { return nil }
    let parts = value.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    total = Int(parts[1])
    if parts[0] == "*" {
      start = nil
    } else {
      guard let dash = parts[0].firstIndex(of: "-"), let number = Int(parts[0][..<dash]), number >= 0 else {
        return nil
      }
      start = number
    }
  }
}

/// A file that is being written, under a name of its own until it is whole.
///
/// Unchecked: it is used by one thread at a time, since the next piece is written when the one before has been.
private final class PartFile: @unchecked Sendable {
  let path: String
  private let partPath: String
  private var file: OpenFile?

  init(_ path: String) {
    self.path = path
    partPath = path + ".part"
  }

  /// Returns how much of it there is.
  func open(resuming: Bool) throws -> Int {
    let file = try OpenFile(partPath, resuming ? .append : .write)
    self.file = file
    return try file.seekToEnd()
  }

  func restart() throws { try file?.truncate() }

  func write(_ bytes: [UInt8]) throws { try file?.write(bytes) }

  func finish() throws {
    try file?.close()
    file = nil
    try OpenFile.rename(partPath, to: path)
  }
}
