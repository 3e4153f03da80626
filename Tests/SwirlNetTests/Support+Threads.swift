import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

/// Runs a reactor on a thread of its own while `body` uses it from others.
///
/// - Parameter endsConnections: whether to end open connections before the reactor is released.
func withReactorThread(endsConnections: Bool = true, _ body: (RemoteReactor) async throws -> Void) async throws {
  let thread = ReactorThread(endsConnections: endsConnections)
  await withCheckedContinuation { thread.start($0) }
  let remote = thread.remote
  let result: Result<Void, any Error>
  do { result = .success(try await body(remote)) } catch { result = .failure(error) }
  remote.stop()
  await withCheckedContinuation { thread.join($0) }
  try result.get()
}

/// Unchecked, because the handle is written before any other code knows of the thread, and the remote under the lock.
private final class ReactorThread: @unchecked Sendable {
  private let endsConnections: Bool
  private var thread = pthread_t()
  private var started: CheckedContinuation<Void, Never>?
  // The thread sanitizer does not always see that a continuation orders memory accesses.
  private let lock = Lock()
  private var startedRemote: RemoteReactor?

  init(endsConnections: Bool) { self.endsConnections = endsConnections }

  /// Available once the thread has started.
  var remote: RemoteReactor {
    guard let remote = lock.withLock({ startedRemote }) else { preconditionFailure("the thread has not started") }
    return remote
  }

  func start(_ started: CheckedContinuation<Void, Never>) {
    self.started = started
    pthread_create(
      &thread, nil,
      {
        Unmanaged<ReactorThread>.fromOpaque($0!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
  }

  private func run() {
    let reactor = Reactor()
    reactor.callSoon { [self, unowned reactor] in
      lock.withLock { startedRemote = reactor.remote }
      started.take()?.resume()
    }
    reactor.run()
    guard endsConnections else { return }
    for listener in reactor.handles.all(Listener.self) { listener.stop() }
    for transport in reactor.handles.all(SocketTransport.self) { transport.end(.closed) }
    for call in reactor.delayedCalls { call.cancel() }
  }

  /// The thread was asked to stop, so this blocks only briefly.
  func join(_ ended: CheckedContinuation<Void, Never>) {
    pthread_join(thread, nil)
    ended.resume()
  }
}

/// Taken before and after a continuation transfers a value between threads: the thread sanitizer does not always see
/// that the continuation itself orders the two.
private let handOver = Lock()

extension RemoteReactor {
  /// The value of `body`, which runs on the reactor's thread.
  func call<Value: Sendable>(_ body: @escaping @Sendable (Reactor) throws -> Value) async throws -> Value {
    let result = await withCheckedContinuation { (caller: CheckedContinuation<Result<Value, any Error>, Never>) in
      callFromThread { reactor in
        let result = Result { try body(reactor) }
        handOver.withLock {}
        caller.resume(returning: result)
      }
    }
    handOver.withLock {}
    return try result.get()
  }

  /// The result of the Deferred that `body` makes on the reactor's thread.
  func result<Value: Sendable>(of body: @escaping @Sendable (Reactor) -> Deferred<Value>) async throws -> Value {
    let result = await withCheckedContinuation { (caller: CheckedContinuation<Result<Value, any Error>, Never>) in
      callFromThread { reactor in
        body(reactor).addBoth { result in
          handOver.withLock {}
          caller.resume(returning: result)
        }
      }
    }
    handOver.withLock {}
    return try result.get()
  }

  func open(_ address: SocketAddress) async throws -> Connection {
    try await result { $0.openConnection("127.0.0.1", Int(address.port)) }
  }

  /// Both sides of a connection.
  func pair() async throws -> (Connection, Connection) {
    let server = try await call { try $0.listenTCP(0) }
    let near = try await open(server.localAddress)
    var accepted = server.connections.makeAsyncIterator()
    return (near, try #require(try await accepted.next()))
  }

  /// A connection whose peer uses plain system calls.
  func rawPair() async throws -> (Connection, RawSocket) {
    let (near, far) = connectedPair()
    let connection = try await call { reactor in
      Connection(starting: SocketTransport(near, peer: SocketAddress(ip: "127.0.0.1", port: 9), on: reactor))
    }
    return (connection, far)
  }

  /// The number of open connections.
  func openConnections() async throws -> Int { try await call { $0.handles.all(SocketTransport.self).count } }

  /// Lets the reactor turn until `isTrue`.
  func turns(until isTrue: @escaping @Sendable (Reactor) -> Bool) async throws {
    while !(try await call(isTrue)) { await Task.yield() }
  }

  /// Lets the reactor turn until `value` has been the same for a thousand turns.
  func settled<Value: Equatable & Sendable>(_ value: @escaping @Sendable (Reactor) -> Value) async throws -> Value {
    var last = try await call(value)
    var turns = 0
    while turns < 1000 {
      let next = try await call(value)
      turns = next == last ? turns + 1 : 0
      last = next
    }
    return last
  }
}

extension Connection {
  /// All bytes up to EOF.
  func readAll() async throws -> [UInt8] {
    var all: [UInt8] = []
    for try await bytes in inbound { all += bytes }
    return all
  }
}
