import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlWebSocket

/// Messages keep their order over connections: those of the last, which nothing has taken yet, come first.
extension ReconnectingWebSocket {
  func take(by callback: @escaping (WebSocket.Message) throws -> Deferred<Void>?) {
    messageCallback = callback
    deliver()
  }

  /// A message of the connection, whose next one comes when the Deferred has fired.
  func received(_ message: WebSocket.Message) -> Deferred<Void> {
    if isEnding { return .succeed() }
    keep(message)
    deliver()
    if arrivedBytes < Self.kept { return .succeed() }
    let room = Deferred<Void>()
    self.room = room
    return room
  }

  /// How many bytes of messages are kept while nothing takes them.
  private static let kept = 64 * 1024

  /// What a kept message takes besides its content: empty ones count, too.
  private static let overhead = 32

  func keep(_ message: WebSocket.Message) {
    arrived.append(message)
    arrivedBytes += message.count + Self.overhead
  }

  func deliver() {
    while !isCallbackBusy, messageCallback != nil || nextMessage != nil, let message = takeArrived() {
      if let messageCallback {
        call(messageCallback, message)
      } else {
        nextMessage.take()?.callback(message)
      }
      giveRoom()
    }
    if let end, !isReported, arrived.isEmpty, !isCallbackBusy { report(end) }
  }

  func takeArrived() -> WebSocket.Message? {
    guard let message = arrived.popFirst() else { return nil }
    arrivedBytes -= message.count + Self.overhead
    return message
  }

  /// Lets the connection deliver its next message, in this call: after the program has the one before it.
  func giveRoom() {
    if arrivedBytes < Self.kept { room.take()?.callback() }
  }

  /// The program has closed it: no more messages.
  func dropArrived() {
    arrived = RingBuffer()
    arrivedBytes = 0
    room.take()?.callback()
  }

  private func call(_ callback: (WebSocket.Message) throws -> Deferred<Void>?, _ message: WebSocket.Message) {
    do {
      guard let done = try callback(message) else { return }
      isCallbackBusy = true
      done.addBoth { [self] result in
        isCallbackBusy = false
        switch result {
        case .success, .failure(is WebSocket.SendError): deliver()
        case .failure(let error): failed(error)
        }
      }
    } catch { failed(error) }
  }

  private func failed(_ error: any Error) {
    dropArrived()
    fail(inProgram: error, "onMessage")
    deliver()
  }

  /// Tells the program that it is over.
  func report(_ close: WebSocket.Close) {
    if isReported { return }
    isReported = true
    messageCallback = nil
    connectCallback = nil
    stateCallback = nil
    let next = nextMessage.take()
    let callback = closeCallback.take()
    let waiting = closers
    closers = []
    callback?(close)
    for deferred in waiting { deferred.callback(close) }
    next.map { endLoop($0) }
  }
}
