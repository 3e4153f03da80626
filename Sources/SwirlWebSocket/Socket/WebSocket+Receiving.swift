import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension WebSocket {
  func take(by callback: @escaping (Message) throws -> Deferred<Void>?) {
    messageCallback = callback
    resume()
  }

  /// A handler that has set no `onMessage` takes no messages: they are read and dropped, so that pings are
  /// answered and the peer's end is noticed.
  package func discardMessages() {
    isDiscarding = true
    resume()
  }

  /// Whether there is room for another message.
  private var canTakeMessage: Bool {
    switch state {
    case .closed: return false
    // Messages are dropped: the peer's Close frame may be behind them.
    case .closing: return true
    case .open: break
    }
    if arrivedBytes < Self.kept { return true }
    return messageCallback != nil ? !isCallbackBusy : dropsMessages
  }

  /// Whether messages are dropped, because they will have no receiver.
  private var dropsMessages: Bool { isDiscarding && messageCallback == nil && !isInLoop }

  /// How many bytes of messages are kept while nothing takes them.
  private static let kept = 64 * 1024

  // MARK: - Bytes

  func received(_ bytes: Span<UInt8>) {
    lastReceived = reactor.turnTime
    if state == .closed { return }
    if isReading || !unread.isEmpty {
      unread.append(copying: bytes)
      return
    }
    let position = readingTogether { read(bytes) }
    if position < bytes.count { unread.append(copying: bytes.extracting(position...)) }
    // A frame behind a message, such as a pong, may have completed the work on that message.
    if canDeliver { resume() }
    pauseIfFull()
  }

  private var canDeliver: Bool {
    !arrived.isEmpty && (messageCallback != nil ? !isCallbackBusy : nextMessage != nil)
  }

  /// Continues with what was kept, and reads on.
  func resume() {
    if isReading { return }
    readingTogether { deliver() }
    while !unread.isEmpty, canTakeMessage {
      let bytes = unread
      unread = []
      let position = readingTogether { read(bytes.span) }
      if position < bytes.count { unread.insert(contentsOf: bytes[position...], at: 0) }
      if position == 0 { break }
      if canDeliver { readingTogether { deliver() } }
    }
    if state == .closed { return }
    if isReadingPaused, unread.isEmpty, canTakeMessage {
      isReadingPaused = false
      // Silence counts from here: a pong may be among the bytes that arrive now.
      lastReceived = reactor.turnTime
      transport.resumeReading()
    }
  }

  private func pauseIfFull() {
    if state == .closed { return }
    if !canTakeMessage || !unread.isEmpty, !isReadingPaused {
      isReadingPaused = true
      transport.pauseReading()
    }
  }

  /// Frames that `body` sends are written together.
  private func readingTogether<Result>(_ body: () -> Result) -> Result {
    isReading = true
    let result = body()
    isReading = false
    flush()
    return result
  }

  /// Returns how many bytes were read.
  private func read(_ bytes: Span<UInt8>) -> Int {
    var position = 0
    while canTakeMessage {
      do throws(WebSocketError) {
        guard let event = try reader.next(bytes, from: &position) else { break }
        handle(event)
        // The reader has nothing more to say, and is not asked.
        if position == bytes.count { break }
      } catch {
        fail(error)
        return bytes.count
      }
    }
    return state == .closed ? bytes.count : position
  }

  private func handle(_ event: WebSocketEvent) {
    switch event {
    case .text:
      take(.text(String(decoding: reader.takeContent(), as: UTF8.self)))
    case .binary:
      take(.binary(reader.takeContent()))
    case .ping:
      answerPing(reader.takeControl())
    case .pong:
      received(pong: reader.takeControl())
    case .close(let code):
      closeReceived(code, String(decoding: reader.takeControl(), as: UTF8.self))
    }
  }

  // MARK: - Messages

  private func take(_ message: Message) {
    // After our Close frame messages are not delivered: the program has said that it is done.
    if state != .open { return }
    if arrived.isEmpty, !isCallbackBusy, messageCallback != nil { return call(message) }
    if dropsMessages { return }
    arrived.append(message)
    arrivedBytes += message.count + Self.overhead
    deliver()
  }

  /// What a kept message takes besides its content: empty ones count, too.
  private static let overhead = 32

  private func deliver() {
    while !arrived.isEmpty {
      if messageCallback != nil {
        if isCallbackBusy { return }
        call(takeArrived())
      } else if let next = nextMessage.take() {
        next.callback(takeArrived())
      } else {
        guard dropsMessages else { return }
        dropArrived()
      }
    }
    if let end, !isReported, !isCallbackBusy { report(end) }
  }

  func takeArrived() -> Message {
    // It is asked for only where there is one.
    let message = arrived.popFirst()!
    arrivedBytes -= message.count + Self.overhead
    return message
  }

  private func dropArrived() {
    arrived = RingBuffer()
    arrivedBytes = 0
  }

  /// The program takes no more messages. The end is reported, if it came behind those that were kept.
  func dropUntaken() {
    dropArrived()
    // `deliver` or `finish`, below us on the stack, reports it otherwise.
    if let end, !isReported, !isCallbackBusy, !isReading { report(end) }
  }

  private func call(_ message: Message) {
    do {
      // Most sends fire at once.
      guard let done = try messageCallback?(message), !done.isSuccess else { return }
      isCallbackBusy = true
      done.addBoth { [self] result in
        isCallbackBusy = false
        switch result {
        case .success, .failure(is SendError): resume()
        case .failure(let error): fail(inProgram: error)
        }
      }
    } catch { fail(inProgram: error) }
  }
}
