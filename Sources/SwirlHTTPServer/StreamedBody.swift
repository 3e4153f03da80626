import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet

/// Where the bytes of a streamed body go: a connection, or memory.
protocol BodyDestination: AnyObject {
  /// Whether more bytes would be sent on without waiting.
  var canTakeMore: Bool { get }
  /// The number of bytes that are not sent on yet.
  var bufferedBytes: Int { get }
  /// Whether the server stops.
  var isStopping: Bool { get }
  func send(_ bytes: Span<UInt8>, inChunk: Bool)
  /// Whether it sends parts of files without a copy.
  var sendsFiles: Bool { get }
  /// Sends a part of a file without a copy.
  func send(_ region: FileRegion)
  func sendEnd(_ trailers: HTTPFields?) throws(HTTPWireError)
  /// The body is whole.
  func bodyEnded(_ exchange: Exchange, status: Int, bytes: Int)
  /// The body will not be whole.
  func abort()
  func log(_ message: String, of request: HTTPServer.Request?)
}

extension BodyDestination {
  var sendsFiles: Bool { false }
  func send(_ region: FileRegion) {}
}

extension ServerConnection: BodyDestination {
  var canTakeMore: Bool { !machine.isWritingPaused }
  var bufferedBytes: Int { buffer.count + transport.bufferedBytes }
  var isStopping: Bool { server.isStopping(self) }
}

/// A response body while it is written, shared by a `BodyWriter` and its connection.
final class StreamedBody {
  enum State {
    /// It accepts bytes.
    case open
    /// `end` was called, or the body is complete.
    case ended
    /// The client has disconnected, or the body was broken off.
    case broken
  }

  private(set) var state = State.open
  /// Whether the connection is breaking; the body is notified in a later turn.
  private(set) var isBrokenOff = false
  let framing: BodyFraming
  let status: Int
  /// The number of content bytes written.
  var sent = 0
  /// The content coding that is applied to what is written.
  var encoded: EncodedBody?
  let exchange: Exchange
  /// Released when the body has ended, so that writer and connection do not retain each other.
  private(set) var destination: (any BodyDestination)?
  /// The Deferred of the writing code, if any.
  var source: AnyDeferred?
  /// Whether a graceful stop of the server ends the body, because it would never end otherwise.
  var endsWithServer = false

  var onDrain: (() -> Void)?
  var onDisconnect: (() -> Void)?
  private var drainWaiters: [Deferred<Void>] = []
  private var finishWaiters: [Deferred<Void>] = []

  init(_ exchange: Exchange, _ framing: BodyFraming, _ status: Int, to destination: any BodyDestination) {
    self.exchange = exchange
    self.framing = framing
    self.status = status
    self.destination = destination
  }

  var canWrite: Bool { state == .open && !isBrokenOff && destination?.canTakeMore == true }

  /// The number of bytes that are written and not sent.
  var bufferedBytes: Int { destination?.bufferedBytes ?? 0 }

  // MARK: - The writer's side

  func write(_ bytes: Span<UInt8>) -> Bool {
    guard state == .open, !isBrokenOff, let destination else { return false }
    if bytes.isEmpty { return canWrite }
    if encoded != nil {
      writeEncoded(bytes)
      return canWrite
    }
    if case .contentLength(let length) = framing, bytes.count > length - sent {
      destination.log("the body is longer than the \(length) bytes that were promised", of: exchange.request)
      breakOff()
      return false
    }
    sent += bytes.count
    destination.send(bytes, inChunk: framing == .chunked)
    return canWrite
  }

  /// Whether `write` takes parts of files: those of a body of a known length, which has no coding.
  var sendsFiles: Bool {
    guard case .contentLength = framing else { return false }
    return destination?.sendsFiles == true
  }

  /// Sends a part of a file without a copy.
  func write(_ region: FileRegion) {
    guard state == .open, !isBrokenOff, let destination else { return }
    sent += region.count
    destination.send(region)
  }

  func end(_ trailers: HTTPFields?) {
    // What is broken off is not whole, whatever its writer does until it is notified.
    guard state == .open, !isBrokenOff, let destination else { return }
    if encoded != nil {
      endEncoded()
      if isBrokenOff { return }
    }
    if case .contentLength(let length) = framing, sent < length {
      destination.log("the body ended after \(sent) of the \(length) bytes that were promised", of: exchange.request)
      return breakOff()
    }
    if framing == .chunked {
      do { try destination.sendEnd(trailers) } catch {
        destination.log("the trailers can't be sent: \(error)", of: exchange.request)
        return breakOff()
      }
    }
    over(.ended)
    destination.bodyEnded(exchange, status: status, bytes: sent)
  }

  /// Ends the body when `source` fires.
  func follow(_ source: Deferred<Void>) {
    guard state == .open else {
      source.addErrback { _ in }
      return source.cancel()
    }
    self.source = source
    source.addCallbacks(
      { [self] in
        self.source = nil
        end(nil)
      },
      { [self] error in
        self.source = nil
        fail(error)
      })
  }

  /// Breaks the connection, because the code that writes the body has failed.
  func fail(_ error: any Error) {
    guard state == .open, !isBrokenOff else { return }
    destination?.log("the body's writer failed: \(error)", of: exchange.request)
    breakOff()
  }

  /// Breaks the connection, so that the client knows that the body is incomplete.
  func breakOff() {
    guard state == .open, !isBrokenOff, let destination else { return }
    isBrokenOff = true
    destination.abort()
  }

  /// The writer was released: breaks the body, unless a Deferred will end it.
  func writerGone() {
    guard state == .open, source == nil, !isBrokenOff else { return }
    destination?.log("the body's writer was released before the end", of: exchange.request)
    breakOff()
  }

  func drained() -> Deferred<Void> {
    if canWrite { return .succeed() }
    guard state == .open, !isBrokenOff else { return .fail(HTTPServer.ClientDisconnectedError()) }
    let waiter = Deferred<Void>()
    drainWaiters.append(waiter)
    return waiter
  }

  func finished() -> Deferred<Void> {
    switch state {
    case .ended: return .succeed()
    case .broken: return .fail(HTTPServer.ClientDisconnectedError())
    case .open:
      let waiter = Deferred<Void>()
      finishWaiters.append(waiter)
      return waiter
    }
  }

  // MARK: - The connection's side

  /// The server stops: responses in progress are completed.
  func serverStopping() {
    guard endsWithServer, state == .open, !isBrokenOff else { return }
    let (onDisconnect, source) = (onDisconnect, source)
    end(nil)
    onDisconnect?()
    source?.cancel()
  }

  /// The send buffer has room again.
  func drain() {
    guard state == .open else { return }
    for waiter in takeWaiters(\.drainWaiters) { waiter.callback() }
    if canWrite { onDrain?() }
  }

  /// The connection has ended.
  func clientGone() {
    guard state == .open else { return }
    let onDisconnect = onDisconnect
    let source = source
    let waiters = takeWaiters(\.drainWaiters)
    over(.broken)
    for waiter in waiters { waiter.errback(HTTPServer.ClientDisconnectedError()) }
    onDisconnect?()
    source?.cancel()
  }

  /// The reactor was released: does not call the program's code.
  func connectionReleased() {
    state = .broken
    let released = (onDrain, onDisconnect, source, destination, drainWaiters, finishWaiters)
    (onDrain, onDisconnect, source, destination, drainWaiters, finishWaiters) = (nil, nil, nil, nil, [], [])
    withExtendedLifetime(released) {}
  }

  private func over(_ state: State) {
    self.state = state
    destination = nil
    onDrain = nil
    onDisconnect = nil
    source = nil
    let finishWaiters = takeWaiters(\.finishWaiters)
    let drainWaiters = takeWaiters(\.drainWaiters)
    for waiter in finishWaiters {
      state == .ended ? waiter.callback() : waiter.errback(HTTPServer.ClientDisconnectedError())
    }
    for waiter in drainWaiters { waiter.callback() }
  }

  /// Removes the waiters, and returns those not cancelled.
  private func takeWaiters(_ list: ReferenceWritableKeyPath<StreamedBody, [Deferred<Void>]>) -> [Deferred<Void>] {
    defer { self[keyPath: list] = [] }
    return self[keyPath: list].filter { !$0.isFired }
  }
}
