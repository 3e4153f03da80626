import SwirlNet
import SwirlReactor

/// What a server does besides answering a request with its own number.
enum Lie: String, CaseIterable {
  /// Nothing.
  case none
  /// A second answer that nobody asked for: in the same write; in a write, and so a record of TLS, of its own.
  case strayInSegment, strayInRecord
  /// A second answer while the connection is free.
  case strayLater
  /// The first bytes of one while it is free.
  case pieceLater
  /// A 408 about the wait, after which it closes.
  case timeoutLater
  /// An end while it is free: in order, or by a reset.
  case closeLater, resetLater
  /// An end right after the answer, with and without a word of it, or by a reset.
  case closes, closesSilently, resets
  /// No answer, or half of one, and an end.
  case noAnswer, half
  /// Content behind that which the length tells, or where there is to be none.
  case surplus, surplusAfterNone
  /// An interim answer behind the answer.
  case interimAfter
  /// Many interim answers, then the answer.
  case interimBefore
  /// A second answer behind one in chunks; behind one that fills what is read at once, be it by the client or by TLS.
  case strayAfterChunks, strayAfterBuffer, strayAfterRecords
  /// A redirect to the answer: with a second answer behind it, with an end behind it.
  case redirectWithStray, redirectAndClose

  /// Whether it happens when the test says so, which is when the client has the answer.
  var isLater: Bool { rawValue.hasSuffix("Later") }

  /// Whether it ends in a reset, which is sent a turn later. A request that has gone out meanwhile is lost.
  var isReset: Bool { self == .resets || self == .resetLater }
}

extension RawRequest {
  /// The number that is asked for, and how that is to be answered: `/17/strayLater`.
  var numberAndLie: (number: Substring, Lie) {
    let parts = target.split(separator: "/")
    return (parts[0], Lie(rawValue: String(parts[1]))!)
  }

  private static let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"

  /// Answers, and lies.
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
      // The number is where a head without content has a place for it.
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

  /// Answers with so many bytes in all, the head included, and a second time behind them.
  private func answerFilling(_ count: Int) {
    let number = numberAndLie.number
    // The length has five digits in all cases.
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 00000\r\n\r\n"
    let length = count - head.utf8.count
    precondition(length > 9999)
    let padding = String(repeating: " ", count: length - number.utf8.count)
    sendWithStray(head.replacing("00000", with: "\(length)") + number + padding)
  }

  /// Sends a second answer behind `answer`: in one write, since the kernel may deliver another later; TLS needs two, for two records.
  private func sendWithStray(_ answer: String) {
    guard connection.transport.tlsInfo != nil else { return connection.send(answer + Self.stray) }
    connection.send(answer)
    connection.send(Self.stray)
  }
}

extension RawConnection {
  /// Sends the end in this turn; `close` does in the next.
  fileprivate func endNow() {
    transport.closeWrite()
    close()
  }

  /// What `lie` does while the connection is free.
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
