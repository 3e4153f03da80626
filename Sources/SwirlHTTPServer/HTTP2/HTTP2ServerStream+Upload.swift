#if HTTP2
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlReactor

/// The content of a request: when the client may send it, and what a handler that reads it wants.
extension HTTP2ServerStream: UploadSource {
  /// The client may send its content from now on.
  func beginContentTime() {
    contentStart = reactor.turnTime
    contentLimit = server.times.contentDeadline(from: &contentStart, received: 0, at: contentStart)
  }

  func sendContinue() {
    // It is our own, and can be sent.
    try? session.respond(Array("HTTP/1.1 100 \r\n\r\n".utf8), on: id, hasContent: false)
    connection.wire.flushSoon()
  }

  func stopOwingContinue() {
    guard owesContinue else { return }
    owesContinue = false
    beginContentTime()
    connection.arm(at: deadline)
  }

  /// An answer that is streamed may need the content, and behind its head no 100 can be sent.
  func continueBeforeAnswer() {
    guard owesContinue, !isContentDropped else { return }
    stopOwingContinue()
    sendContinue()
  }

  func contentWanted() {
    guard owesContinue, !isOver else { return }
    stopOwingContinue()
    if exchange?.isAnswered == false { sendContinue() }
  }

  // The time of the handler begins.
  func pauseContent() { connection.arm(at: deadline) }

  func resumeContent(after pause: Int64) {
    contentStart += pause
    contentLimit += pause
    giveRoom()
    connection.arm(at: deadline)
  }

  func abandonContent(after pause: Int64) {
    contentStart += pause
    contentLimit += pause
    isContentDropped = true
    giveRoom()
    connection.arm(at: deadline)
  }
}
#endif
