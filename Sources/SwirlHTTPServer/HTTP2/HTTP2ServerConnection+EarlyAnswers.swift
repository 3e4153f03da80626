#if HTTP2
import SwirlHTTP2
import SwirlReactor

/// Resets streams whose answers came before the end of their content (RFC 9113 §8.1).
///
/// A client that reads the answer and the reset in one piece may take the reset first, and report an error in place of
/// the answer: curl does (error 92). So the reset waits for the answer to a PING behind the answer, and content that
/// comes meanwhile is dropped, within the limits of lingering.
extension HTTP2ServerConnection {
  static let earlyAnswerPing: UInt64 = 0x5357_4952_4C31_0002

  /// Resets it when the client has had time for its answer.
  func resetAnswered(_ stream: HTTP2ServerStream) {
    arm(at: stream.deadline)
    answeredEarly.append(stream.id)
    if answeredEarly.count == 1 { pingAnswered() }
  }

  /// Behind the answers that are in the output now.
  private func pingAnswered() {
    pingedAnswers = answeredEarly.count
    session.ping(Self.earlyAnswerPing)
    wire.flushSoon()
  }

  func answersArrived() {
    for id in answeredEarly.prefix(pingedAnswers) where stream(id)?.isOver == true { session.reset(id, .noError) }
    answeredEarly.removeFirst(pingedAnswers)
    pingedAnswers = 0
    if !answeredEarly.isEmpty { pingAnswered() }
    wire.flushSoon()
  }
}
#endif
