import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer
@testable import SwirlNet

/// Other suites have their own `ReactorThread`.
private typealias OwnThread = SwirlReactor.ReactorThread

extension HTTPClientTests {
  /// `fetch` that is awaited, with the client of a thread. It speaks HTTP/2 over TLS alone, so these tests do not run
  /// in both versions: those of `FetchTests` do, whose results are the ones that are awaited here.
  @Suite(.timeLimit(.minutes(10))) struct FetchAwaitTests {
    // MARK: - The caller

    @Test func `an actor on a reactor's thread fetches with that reactor's client, and stays there`() async throws {
      let site = try await Site()
      let thread = OwnThread()
      let (text, isAtHome) = try await Resident(on: thread.remote).fetchText("\(site.url)/hello")
      #expect(text == "hello" && isAtHome)
      #expect(try await thread.run { HTTPClient.of($0).counts.idle } == 1)
      #expect(try await site.connectionsFromShared() == 0)
      await thread.stop()
      await site.end()
    }

    @Test func `a task that prefers a reactor's thread fetches with that reactor's client, and stays there`()
      async throws
    {
      let site = try await Site()
      let thread = OwnThread()
      let remote = thread.remote
      let url = "\(site.url)/hello"
      let (text, isAtHome) = try await Task(executorPreference: remote) { @concurrent in
        let page = try await fetch(url)
        return (page.text, remote.isCurrent)
      }.value
      #expect(text == "hello" && isAtHome)
      #expect(try await thread.run { HTTPClient.of($0).counts.idle } == 1)
      #expect(try await site.connectionsFromShared() == 0)
      await thread.stop()
      await site.end()
    }

    @Test func `a client of one's own is awaited on its reactor's thread`() async throws {
      let site = try await Site()
      let thread = OwnThread()
      let (text, isAtHome) = try await Resident(on: thread.remote).fetchTextWithOwnClient("\(site.url)/hello")
      #expect(text == "hello" && isAtHome)
      #expect(try await thread.run { HTTPClient.of($0).isUnused })
      await thread.stop()
      await site.end()
    }

    @Test func `elsewhere the client of the shared thread fetches`() async throws {
      let site = try await Site()
      let url = "\(site.url)/hello"
      #expect(try await Task.detached { try await fetch(url).text }.value == "hello")
      #expect(try await Visitor().fetchText(url) == "hello")
      #expect(try await Task { @MainActor in try await fetch(HTTPClient.Request(url)).text }.value == "hello")
      #expect(try await site.connectionsFromShared() == 1)
      await site.end()
    }

    @Test func `many tasks fetch at once, and each gets its own page`() async throws {
      let site = try await Site()
      let thread = OwnThread()
      try await withThrowingTaskGroup(of: (Int, String).self) { group in
        for number in 0..<200 {
          group.addTask(executorPreference: number % 2 == 0 ? thread.remote : nil) {
            (number, try await fetch("\(site.url)/\(number)").text)
          }
        }
        for try await (number, text) in group { #expect(text == "\(number)") }
      }
      await thread.stop()
      await site.end()
    }

    // MARK: - Errors

    @Test(arguments: Caller.allCases) func `what goes wrong is thrown, and names the URL`(_ caller: Caller) async throws
    {
      let thread = OwnThread()
      let error = await #expect(throws: HTTPError.self) {
        try await caller.call(on: thread.remote) { try await fetch("ftp://somewhere/") }
      }
      #expect(error?.code == .unsupportedScheme && error?.url == "ftp://somewhere/")
      // The port is closed by now.
      let site = try await Site()
      await site.end()
      let refused = await #expect(throws: HTTPError.self) {
        try await caller.call(on: thread.remote) { try await fetch("\(site.url)/x") }
      }
      #expect(refused?.code == .cannotConnect && refused?.url == "\(site.url)/x")
      await thread.stop()
    }

    @Test(arguments: Caller.allCases) func `any status is a response`(_ caller: Caller) async throws {
      let site = try await Site()
      let thread = OwnThread()
      let page = try await caller.call(on: thread.remote) { try await fetch("\(site.url)/missing") }
      #expect(page.status == .notFound)
      await thread.stop()
      await site.end()
    }

    // MARK: - Cancelling

    @Test(arguments: Caller.allCases) func `a task that is cancelled before asks for nothing`(_ caller: Caller)
      async throws
    {
      let site = try await Site()
      let thread = OwnThread()
      let task = Task.detached {
        try await caller.call(on: thread.remote) {
          withUnsafeCurrentTask { $0?.cancel() }
          return try await fetch("\(site.url)/hello")
        }
      }
      await #expect(throws: CancelledError.self) { try await task.value }
      // This page comes after the one that would have been requested before it.
      _ = try await caller.call(on: thread.remote) { try await fetch("\(site.url)/after") }
      #expect(try await site.paths() == ["/after"])
      await thread.stop()
      await site.end()
    }

    @Test(arguments: Caller.allCases) func `a task that is cancelled while the page is awaited ends the request`(
      _ caller: Caller
    ) async throws {
      let site = try await Site()
      let thread = OwnThread()
      let task = Task.detached {
        try await caller.call(on: thread.remote) { try await fetch("\(site.url)/never") }
      }
      for await path in site.asked where path == "/never" { break }
      task.cancel()
      await #expect(throws: CancelledError.self) { try await task.value }
      // The server sees the connection close.
      for await path in site.left where path == "/never" { break }
      await thread.stop()
      await site.end()
    }

    @Test(arguments: Caller.allCases)
    func `a task that is cancelled while it waits for a connection leaves nothing behind`(_ caller: Caller)
      async throws
    {
      let thread = OwnThread()
      let remote = caller == .elsewhere ? OwnThread.shared.remote : thread.remote
      // A name whose lookup never ends.
      let (lookups, lookUp) = AsyncStream<String>.makeStream()
      let name = "never-\(caller).test"
      try await remote.run { reactor in
        let before = reactor.resolver.lookup
        reactor.resolver.lookup = { other in
          guard other == name else { return before(other) }
          lookUp.yield("asked")
          let deferred = Deferred<[SocketAddress]>(canceller: { _ in lookUp.yield("cancelled") })
          Forever.of(reactor).deferreds.append(deferred)
          return deferred
        }
      }
      let task = Task.detached {
        try await caller.call(on: thread.remote) { try await fetch("http://\(name):81/") }
      }
      for await what in lookups where what == "asked" { break }
      task.cancel()
      await #expect(throws: CancelledError.self) { try await task.value }
      if caller != .elsewhere {
        #expect(try await remote.run { HTTPClient.of($0).isUnused })
      }
      await thread.stop()
    }

    @Test(arguments: Caller.allCases) func `a task that is cancelled afterwards keeps its page, and the connection`(
      _ caller: Caller
    )
      async throws
    {
      let site = try await Site()
      let thread = OwnThread()
      let task = Task.detached {
        try await caller.call(on: thread.remote) {
          let page = try await fetch("\(site.url)/hello")
          withUnsafeCurrentTask { $0?.cancel() }
          return page
        }
      }
      #expect(try await task.value.text == "hello")
      _ = try await caller.call(on: thread.remote) { try await fetch("\(site.url)/again") }
      #expect(try await site.connections() == 1)
      await thread.stop()
      await site.end()
    }

    @Test(arguments: [Caller.task, .resident]) func `a page that is awaited fails when its reactor goes`(
      _ caller: Caller
    ) async throws {
      let site = try await Site()
      let thread = OwnThread()
      let task = Task.detached {
        try await caller.call(on: thread.remote, comesBack: false) { try await fetch("\(site.url)/never") }
      }
      for await path in site.asked where path == "/never" { break }
      await thread.stop()
      await #expect(throws: ReactorReleasedError.self) { try await task.value }
      await site.end()
    }

    @Test func `tasks that are cancelled at any moment end, and leave no connection in use`() async throws {
      let site = try await Site()
      let thread = OwnThread()
      var random = SeededGenerator(seed: 20_261_121)
      for _ in 0..<20 {
        let tasks = (0..<50).map { number in
          Task(executorPreference: number % 2 == 0 ? thread.remote : nil) { @concurrent in
            do { #expect(try await fetch("\(site.url)/\(number)").text == "\(number)") } catch {
              #expect(error is CancelledError)
            }
          }
        }
        for task in tasks.shuffled(using: &random).dropLast(10) { task.cancel() }
        for task in tasks { await task.value }
      }
      #expect(try await fetch("\(site.url)/last").text == "last")
      await thread.stop()
      await site.end()
    }
  }
}

// MARK: - Callers

extension HTTPClientTests.FetchAwaitTests {
  enum Caller: CaseIterable {
    /// An actor on a reactor's thread.
    case resident
    /// A task that prefers it.
    case task
    /// Code without a reactor.
    case elsewhere

    @concurrent func call<Value: Sendable>(
      on remote: RemoteReactor, comesBack: Bool = true, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
      switch self {
      case .resident: try await Resident(on: remote).call(comesBack: comesBack, body)
      case .task: try await withTaskExecutorPreference(remote) { try await body() }
      case .elsewhere: try await body()
      }
    }
  }

  actor Resident {
    private let remote: RemoteReactor
    init(on remote: RemoteReactor) { self.remote = remote }
    nonisolated var unownedExecutor: UnownedSerialExecutor { remote.asUnownedSerialExecutor() }

    func fetchText(_ url: String) async throws -> (String, Bool) {
      let page = try await fetch(url)
      return (page.text, remote.isCurrent)
    }

    func fetchTextWithOwnClient(_ url: String) async throws -> (String, Bool) {
      let client = HTTPClient(on: .current)
      let page = try await client.fetch(HTTPClient.Request(url))
      return (page.text, remote.isCurrent)
    }

    func call<Value: Sendable>(
      comesBack: Bool, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
      defer { if comesBack { #expect(remote.isCurrent) } }
      return try await body()
    }
  }

  actor Visitor {
    func fetchText(_ url: String) async throws -> String { try await fetch(url).text }
  }
}

// MARK: - The server

/// A server on its own thread. `/never` gets no response, `/missing` a 404, all others their path.
private final class Site: Sendable {
  /// The requested paths, and those whose clients disconnected before the response.
  let asked: AsyncStream<String>
  let left: AsyncStream<String>
  let url: String
  private let thread = OwnThread()

  init() async throws {
    let (asked, ask) = AsyncStream<String>.makeStream()
    let (left, leave) = AsyncStream<String>.makeStream()
    (self.asked, self.left) = (asked, left)
    let address = try await thread.run { reactor in
      let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
        Forever.of(.current).paths.append(request.path)
        ask.yield(request.path)
        switch request.path {
        case "/never":
          let deferred = Deferred<HTTPServer.Response>(canceller: { _ in leave.yield("/never") })
          Forever.of(.current).deferreds.append(deferred)
          return deferred
        case "/missing": return .succeed(.text("not here", status: .notFound))
        default: return .succeed(.text(String(request.path.dropFirst())))
        }
      }
      let listener = try server.listen(0)
      Forever.of(reactor).server = server
      Forever.of(reactor).listener = listener
      return listener.localAddress
    }
    url = "http://\(address)"
  }

  var port: Int { Int(url.split(separator: ":").last!)! }

  /// The paths requested so far.
  func paths() async throws -> [String] { try await thread.run { Forever.of($0).paths } }

  /// The number of open client connections to it.
  func connections() async throws -> Int { OwnSockets(of: port).connected }

  /// Those of them from the shared thread.
  func connectionsFromShared() async throws -> Int {
    let origin = url
    let text = origin.dropFirst("http://".count)
    return try await OwnThread.shared.run { reactor in
      reactor.handles.all(SocketTransport.self).count { $0.peerAddress?.description == String(text) }
    }
  }

  func end() async { await thread.stop() }
}

/// Objects that a reactor of these tests retains.
private final class Forever {
  var deferreds: [AnyDeferred] = []
  var paths: [String] = []
  var server: HTTPServer?
  var listener: Listener?
  static func of(_ reactor: Reactor) -> Forever { reactor.attached(Forever.self) { Forever() } }
}
