import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore

extension HTTPServer.Response {
  /// The content if it is in memory: `[]` without content; nil for a stream and an upgrade. See ``collect()``.
  public var body: [UInt8]? {
    switch content {
    case .empty: []
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    case .stream, .upgrade, .webSocket, .prepared: nil
    }
  }

  /// The content as UTF-8 text, repaired where it is invalid; nil where ``body`` is.
  public var text: String? { body.map { String(decoding: $0, as: UTF8.self) } }

  /// All of the content. Of a stream the writer is called, as it would be for a client that reads as fast as it writes.
  ///
  /// Fires at once, or on the reactor's thread when the writer ends; fails when the writer fails, ends too early or is
  /// released before the end. An upgrade has no content.
  public func collect() -> Deferred<[UInt8]> {
    guard case .stream(let length, let write) = content else { return .succeed(body ?? []) }
    let collected = CollectedBody()
    let body = StreamedBody(
      Exchange(nil, 0, start: 0), length.map { .contentLength($0) } ?? .untilClose, status.code, to: collected)
    do { try write(HTTPServer.BodyWriter(body)) } catch { body.fail(error) }
    return collected.done
  }
}

/// Takes a streamed body into memory.
private final class CollectedBody: BodyDestination {
  let done = Deferred<[UInt8]>()
  private var bytes: [UInt8] = []
  private var problem = "it was broken off"
  let canTakeMore = true
  let bufferedBytes = 0
  let isStopping = false

  func send(_ bytes: Span<UInt8>, inChunk: Bool) { self.bytes.append(copying: bytes) }
  func sendEnd(_ trailers: HTTPFields?) {}
  func log(_ message: String, of request: HTTPServer.Request?) { problem = message }

  func bodyEnded(_ exchange: Exchange, status: Int, bytes: Int) {
    if !done.isFired { done.callback(self.bytes) }
  }

  func abort() {
    if !done.isFired { done.errback(IncompleteBodyError(description: "the body is not whole: \(problem)")) }
  }
}

/// Why there is no whole body.
private struct IncompleteBodyError: Error, CustomStringConvertible {
  let description: String
}
