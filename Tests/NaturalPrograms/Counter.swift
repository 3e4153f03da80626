import Swirl

/// An actor on a reactor's thread, which uses the reactor's objects directly.
actor Counter {
  private let thread: ReactorThread
  private var lines: [String] = []

  init(on thread: ReactorThread) { self.thread = thread }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.remote.asUnownedSerialExecutor() }

  func count(_ base: String) async throws -> [String] {
    lines.append(try await fetch("\(base)/fetch").text)
    let deferred: Deferred = fetch("\(base)/deferred")
    lines.append(try await deferred.addCallback(\.text).value)
    for try await result in asCompleted(["/x", "/y"], atMost: 1, { fetch(base + $0) }) {
      lines.append(try result.get().text)
    }
    let connection = try await Reactor.current.openConnection("127.0.0.1", Int(base.split(separator: ":").last!)!).value
    try await connection.write("GET /raw HTTP/1.0\r\n\r\n")
    var bytes: [UInt8] = []
    for try await piece in connection.inbound { bytes += piece }
    lines.append(String(decoding: bytes.suffix(9), as: UTF8.self))
    return lines
  }
}
