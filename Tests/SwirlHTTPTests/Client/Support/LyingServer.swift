import SwirlNet
import SwirlReactor

/// The server's misbehaviour besides answering a request with its number.
enum Lie: String, CaseIterable {
  /// No misbehaviour.
  case none
  /// A second, unrequested response: in the same write; in a separate write, and so a separate TLS record.
  case strayInSegment, strayInRecord
  /// A second response while the connection is idle.
  case strayLater
  /// The first bytes of one while it is idle.
  case pieceLater
  /// A 408 while it is idle, then EOF.
  case timeoutLater
  /// EOF or a reset while it is idle.
  case closeLater, resetLater
  /// EOF right after the response, with and without `Connection: close`, or a reset.
  case closes, closesSilently, resets
  /// No response, or half of one, and EOF.
  case noAnswer, half
  /// Content beyond the length, or for a response that must not have content.
  case surplus, surplusAfterNone
  /// An interim response behind the final one.
  case interimAfter
  /// Many interim responses, then the final one.
  case interimBefore
  /// A second response behind a chunked one; behind one that exactly fills a read, of the client or of TLS.
  case strayAfterChunks, strayAfterBuffer, strayAfterRecords
  /// A redirect to the response, followed by a second response, or by EOF.
  case redirectWithStray, redirectAndClose

  /// Whether the test triggers it, which happens when the client has the response.
  var isLater: Bool { rawValue.hasSuffix("Later") }

  /// Whether it ends in a reset, which is sent a turn later. A request sent in between is lost.
  var isReset: Bool { self == .resets || self == .resetLater }
}

extension RawRequest {
  /// The requested number and the lie: `/17/strayLater`.
  var numberAndLie: (number: Substring, Lie) {
    let parts = target.split(separator: "/")
    return (parts[0], Lie(rawValue: String(parts[1]))!)
  }

  private static let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"

  /// Answers, and misbehaves.
  func answerLying() {
    let (number, lie) = numberAndLie
    let text = "\(number)"
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
    switch lie {
    case .none, .strayLater, .pieceLater, .timeoutLater, .closeLater, .resetLater: connection.send(answer)
    case .strayInSegment: connection.send(answer + Self.stray)
    case .strayInRecord: sendWithStray(answer)
    case .closes: connection.close(after: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(text)")
    case .closesSilently:
      connection.send(answer)
      connection.endNow()
    case .resets:
      connection.send(answer)
      connection.reset()
    case .noAnswer: connection.close()
    case .half: connection.close(after: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\(text)")
    case .surplus: connection.send(answer + text)
    case .surplusAfterNone:
      // A head without content carries the number in a field.
      connection.send("HTTP/1.1 204 No Content\r\nX-Number: \(text)\r\n\r\n" + Self.stray)
    case .interimAfter: connection.send(answer + "HTTP/1.1 103 Early Hints\r\n\r\n")
    case .interimBefore:
      connection.send(String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", count: 8) + answer)
    case .strayAfterChunks:
      sendWithStray(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n0\r\n\r\n"
      )
    case .strayAfterBuffer: answerFilling(64 * 1024)
    case .strayAfterRecords: answerFilling(64 * 1024 - 1 - Int(number)! % 50_000)
    case .redirectWithStray:
      connection.send("HTTP/1.1 307 X\r\nLocation: /\(text)/none\r\nContent-Length: 0\r\n\r\n" + Self.stray)
    case .redirectAndClose:
      connection.send("HTTP/1.1 308 X\r\nLocation: /\(text)/none\r\nContent-Length: 0\r\n\r\n")
      connection.endNow()
    }
  }

  /// Sends a response of this size, including the head, and a second response behind it.
  private func answerFilling(_ count: Int) {
    let number = numberAndLie.number
    // The length always has five digits.
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 00000\r\n\r\n"
    let length = count - head.utf8.count
    precondition(length > 9999)
    let padding = String(repeating: " ", count: length - number.utf8.count)
    sendWithStray(head.replacing("00000", with: "\(length)") + number + padding)
  }

  /// Sends a second response behind `answer`: in one write, because the kernel may deliver a second one later; with TLS
  /// in two, for two records.
  private func sendWithStray(_ answer: String) {
    guard connection.transport.tlsInfo != nil else { return connection.send(answer + Self.stray) }
    connection.send(answer)
    connection.send(Self.stray)
  }
}

extension RawConnection {
  /// Sends EOF in this turn; `close` does so in the next.
  fileprivate func endNow() {
    transport.closeWrite()
    close()
  }

  /// Carries out `lie` on an idle connection.
  func lieLater(_ lie: Lie) {
    switch lie {
    case .strayLater: send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray")
    case .pieceLater: send("H")
    case .timeoutLater:
      close(after: "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 5\r\n\r\nstray")
    case .closeLater: endNow()
    case .resetLater: reset()
    default: break
    }
  }
}
