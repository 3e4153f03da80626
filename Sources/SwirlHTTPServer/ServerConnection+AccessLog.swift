import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlHTTPCore

/// An answer that is written but perhaps not sent: what the access log is told of it once that is known.
struct UnreportedAnswer {
  let request: HTTPServer.Request?
  let status: Int
  /// The bytes of content that were written.
  let bytes: Int
  let start: Int64
  /// Whether it was written whole.
  let isComplete: Bool
  /// Where it ends, counted in bytes from the beginning of the connection.
  let end: Int
}

extension ServerConnection {
  /// How many bytes of all that was written the kernel has taken.
  private var sentToKernel: Int { handedToTransport - transport.unsentBytes }

  func finished(_ exchange: Exchange, _ status: Int, _ bytes: Int, isComplete: Bool) {
    finished(exchange.request, status, bytes, exchange.start, isComplete: isComplete)
  }

  /// An answer is written, or broken off.
  func finished(_ request: HTTPServer.Request?, _ status: Int, _ bytes: Int, _ start: Int64, isComplete: Bool) {
    guard server.onFinish != nil else { return }
    unreported.append(
      UnreportedAnswer(
        request: request, status: status, bytes: bytes, start: start, isComplete: isComplete,
        end: handedToTransport + buffer.count))
  }

  /// Tells the access log of the answers that are sent.
  func reportSent() {
    let sent = sentToKernel
    while let first = unreported.first, first.end <= sent {
      unreported.removeFirst()
      report(first, unsent: 0)
    }
  }

  /// Tells it of all, since no more will be sent.
  func reportAll() {
    if unreported.isEmpty { return }
    let sent = sentToKernel
    let answers = unreported
    unreported = []
    for answer in answers { report(answer, unsent: max(0, answer.end - sent)) }
  }

  private func report(_ answer: UnreportedAnswer, unsent: Int) {
    server.onFinish?(
      HTTPServer.AccessRecord(
        request: answer.request, peerAddress: facts.peer, status: answer.status,
        bodyBytes: max(0, answer.bytes - unsent),
        duration: .nanoseconds(answer.start == 0 ? 0 : reactor.now.nanoseconds - answer.start),
        isComplete: answer.isComplete && unsent == 0))
  }
}
