import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// A response that is written but perhaps not sent: its entry for the access log, once that is known.
struct UnreportedAnswer {
  let request: HTTPServer.Request?
  let status: Int
  /// The number of content bytes written.
  let bytes: Int
  let start: Int64
  /// Whether it was written completely.
  let isComplete: Bool
  /// The position of its end, in bytes from the start of the connection.
  let end: Int
}

extension ServedConnection {
  /// A response is written, or broken off.
  func finished(_ exchange: Exchange, _ status: Int, _ bytes: Int, isComplete: Bool) {
    finished(exchange.request, status, bytes, exchange.start, isComplete: isComplete)
  }

  /// A response is written, or broken off.
  func finished(_ request: HTTPServer.Request?, _ status: Int, _ bytes: Int, _ start: Int64, isComplete: Bool) {
    guard server.reportsRequests else { return }
    unreported.append(
      UnreportedAnswer(
        request: request, status: status, bytes: bytes, start: start, isComplete: isComplete, end: writtenBytes))
  }

  /// Reports the sent responses to the access log.
  func reportSent() {
    if unreported.isEmpty { return }
    let sent = sentBytes
    while let first = unreported.first, first.end <= sent {
      unreported.removeFirst()
      report(first, unsent: 0)
    }
  }

  /// Reports all responses, because no more bytes will be sent.
  func reportAll() {
    if unreported.isEmpty { return }
    let sent = sentBytes
    let answers = unreported
    unreported = []
    for answer in answers { report(answer, unsent: max(0, answer.end - sent)) }
  }

  private func report(_ answer: UnreportedAnswer, unsent: Int) {
    let duration = answer.start == 0 ? Duration.zero : .nanoseconds(reactor.now.nanoseconds - answer.start)
    let record = HTTPServer.AccessRecord(
      request: answer.request, peerAddress: facts.peer, status: HTTPResponse.Status(number: answer.status),
      bodyBytes: max(0, answer.bytes - unsent), duration: duration,
      isComplete: answer.isComplete && unsent == 0, time: reactor.wallTime - duration)
    server.onFinish?(record)
    server.accessLogBuffer?.add(record, on: reactor)
  }
}
