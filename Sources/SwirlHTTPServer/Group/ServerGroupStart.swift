import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTLS

/// Where the servers of a group listen.
enum ServerGroupPlace: Sendable {
  case port(Int, _ interface: String, _ backlog: Int32, SocketOptions, HTTPServerGroup.Distribution)
  case path(String, _ backlog: Int32)
  case sockets([ListeningSocket])

  /// Its name in errors.
  var name: String {
    switch self {
    case .port(let port, let interface, _, _, _): "\(interface.isEmpty ? "*" : interface):\(port)"
    case .path(let path, _): path
    case .sockets(let sockets): sockets.first?.localAddress.description ?? "inherited sockets"
    }
  }
}

/// The start of the servers of a group, one reactor after the other.
struct ServerGroupStart: Sendable {
  private let place: ServerGroupPlace
  private let tls: TLSConfiguration?
  private let site: CallSite
  private let makeServer: @Sendable () throws -> HTTPServer

  init(
    _ place: ServerGroupPlace, _ tls: TLSConfiguration?, _ site: CallSite,
    _ makeServer: @escaping @Sendable () throws -> HTTPServer
  ) {
    self.place = place
    self.tls = tls
    self.site = site
    self.makeServer = makeServer
  }

  /// Starts all of them; if one cannot start, stops the others.
  func start(on group: ReactorGroup) async throws -> HTTPServerGroup {
    var members: [ServerGroupMember] = []
    do {
      if case .sockets(let sockets) = place, sockets.isEmpty {
        throw NetError(.listen, place.name, reason: "there is none: this process was started without sockets")
      }
      for thread in group.threads {
        let next = try await listening(after: members.first, number: members.count, of: group.threads.count)
        members.append(
          try await thread.run { [makeServer] _ in
            let server = try makeServer()
            do {
              return ServerGroupMember(server, try next.listen(server), accepts: next.accepts, on: thread)
            } catch {
              // It may listen on some of several sockets.
              server.stop(within: .zero)
              throw error
            }
          })
      }
      try await begin(members, handsOn: handsOn(group.threads.count))
      return HTTPServerGroup(group, members)
    } catch {
      for member in members {
        await member.abort()
        member.leave()
      }
      if error is ReactorReleasedError {
        throw NetError(.listen, place.name, reason: "a reactor of the group has stopped: make another group")
      }
      throw error
    }
  }

  /// Starts them all, fires on this thread's reactor, and stops them with it.
  func startForReactor(on group: ReactorGroup) -> Deferred<HTTPServerGroup> {
    let reactor = Reactor.current
    let started = reactor.deferTask {
      try await start(on: group)
    } unclaimed: { servers in
      servers.stop(within: .zero)
    }
    let shutdown = ServerGroupShutdown(of: started)
    // The reactor retains the trigger, and so the servers, until they are stopped.
    reactor.addSystemEventTrigger(.before, .shutdown) { shutdown.run() }
    return shutdown.watched
  }

  private func handsOn(_ count: Int) -> Bool {
    switch place {
    case .port(_, _, _, _, let distribution): distribution == .acceptor
    case .path: true
    case .sockets(let sockets): sockets.count != count
    }
  }

  /// How the next member listens.
  private struct Listening: Sendable {
    let accepts: Bool
    let listen: @Sendable (HTTPServer) throws -> [Listener]
  }

  private func listening(
    after first: ServerGroupMember?, number: Int, of count: Int
  ) async throws -> Listening {
    let (tls, file, line) = (tls, site.file, site.line)
    if let first, handsOn(count) {
      // Its own descriptor of the first one's socket, from which it does not accept: a listener for what it is handed.
      let socket = try await first.thread.run { _ in try first.accepting[0].listeningSocket() }
      return Listening(accepts: false) { [try $0.listen(inherited: socket, tls: tls, file: file, line: line)] }
    }
    switch place {
    case .port(let port, let interface, let backlog, var options, let distribution):
      options.reusesPort = options.reusesPort || distribution == .kernel
      options.isFirstOnPort = first == nil && port != 0
      let port = first?.localAddress.port ?? port
      return Listening(accepts: true) { [options] in
        [
          try $0.listen(
            port, interface: interface, backlog: backlog, options: options, tls: tls, file: file, line: line)
        ]
      }
    case .path(let path, let backlog):
      return Listening(accepts: true) { [try $0.listenUnix(path, backlog: backlog, file: file, line: line)] }
    case .sockets(let sockets):
      let own = sockets.count == count ? [sockets[number]] : sockets
      return Listening(accepts: true) { server in
        try own.map { try server.listen(inherited: $0, tls: tls, file: file, line: line) }
      }
    }
  }

  private func begin(_ members: [ServerGroupMember], handsOn: Bool) async throws {
    for member in members {
      try await member.thread.run { _ in
        if handsOn, member === members[0] { member.beginHandingOn(to: members) }
        member.begin()
      }
    }
  }
}

/// Stops the servers of a group when the reactor shuts down, whether they have started or not.
final class ServerGroupShutdown {
  private let started: Deferred<HTTPServerGroup>
  private var servers: HTTPServerGroup?
  /// What the program gets.
  private(set) var watched: Deferred<HTTPServerGroup>!

  init(of started: Deferred<HTTPServerGroup>) {
    self.started = started
    watched = started.addCallback { [weak self] servers in
      self?.servers = servers
      return servers
    }
  }

  func run() -> Deferred<Void> {
    if let servers { return servers.stop() }
    if !started.isFired { started.cancel() }
    return .succeed()
  }
}
