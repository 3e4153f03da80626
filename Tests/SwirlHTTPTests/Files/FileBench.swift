import Foundation
import Swirl
import Testing

/// A directory of files, and what a server of it answers.
final class FileBench {
  let folder: URL
  let reactor = Reactor()
  /// Where links may lead that must not.
  let outside: URL

  init() throws {
    let base = FileManager.default.temporaryDirectory.appending(path: "swirl-files-\(UUID())")
    folder = base.appending(path: "public")
    outside = base.appending(path: "secret.txt")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("secret".utf8).write(to: outside)
  }

  deinit { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }

  /// Writes a file that changed last at a known time.
  @discardableResult
  func file(_ name: String, _ content: String = "content", modified: Int = 784_111_777) throws -> String {
    try file(name, Array(content.utf8), modified: modified)
  }

  @discardableResult
  func file(_ name: String, _ content: [UInt8], modified: Int = 784_111_777) throws -> String {
    let place = folder.appending(path: name)
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(content).write(to: place)
    let date = Date(timeIntervalSince1970: TimeInterval(modified))
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: place.path)
    return place.path
  }

  func files(_ change: (inout StaticFiles.Configuration) -> Void = { _ in }, at prefix: String = "/") -> StaticFiles {
    var configuration = StaticFiles.Configuration()
    change(&configuration)
    return StaticFiles(folder.path, at: prefix, configuration: configuration)
  }

  /// What a response has, read to its end.
  struct Answer {
    var status: Int
    var headers: HTTPFields
    var bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  func ask(
    _ server: HTTPServer, _ path: String, _ headers: HTTPFields = [:], method: HTTPRequest.Method = .get
  ) throws -> Answer {
    let request = try HTTPServer.Request(path, method: method, headers: headers)
    return try run {
      server.respond(to: request, on: self.reactor).addCallback { response in
        response.collect().addCallback {
          Answer(status: response.status.code, headers: response.headers, bytes: $0)
        }
      }
    }
  }

  func ask(
    _ files: StaticFiles, _ path: String, _ headers: HTTPFields = [:], method: HTTPRequest.Method = .get
  ) throws -> Answer {
    try ask(HTTPServer { files.respond(to: $0) }, path, headers, method: method)
  }

  /// Runs the reactor until the Deferred fires.
  func run<Value>(_ body: @escaping () throws -> Deferred<Value>) throws -> Value {
    var outcome: Result<Value, any Error>?
    let limit = reactor.callLater(.seconds(20)) { [unowned reactor] in
      Issue.record("the test took too long")
      reactor.crash()
    }
    reactor.callSoon { [unowned reactor] in
      do {
        try body().addBoth { result in
          outcome = result
          reactor.stop()
        }
      } catch {
        outcome = .failure(error)
        reactor.stop()
      }
    }
    reactor.run(handlingSignals: false)
    limit.cancel()
    return try #require(outcome).get()
  }

  /// Runs the reactor until `condition` holds.
  func run(until condition: @escaping () -> Bool) {
    let limit = reactor.callLater(.seconds(20)) { [unowned reactor] in
      Issue.record("the test took too long")
      reactor.crash()
    }
    func look() {
      if condition() { return reactor.stop() }
      reactor.callSoon { look() }
    }
    look()
    reactor.run(handlingSignals: false)
    limit.cancel()
  }

  /// What a client gets for one request after the other, on a real socket.
  func fetch(
    _ server: HTTPServer, _ requests: [(path: String, method: HTTPRequest.Method, headers: HTTPFields)]
  ) throws -> [HTTPClient.Response] {
    try run { [reactor] in
      let base = "http://\(try server.listen(0, on: reactor).localAddress)"
      let client = HTTPClient(on: reactor)
      var responses: [HTTPClient.Response] = []
      func next() -> Deferred<Void> {
        guard responses.count < requests.count else { return .succeed() }
        let (path, method, headers) = requests[responses.count]
        return client.fetch(HTTPClient.Request(base + path, method: method, headers: headers)).addCallback { response in
          responses.append(response)
          return next()
        }
      }
      return next().addBoth { result in server.stop().addCallback { try result.get() } }.addCallback { responses }
    }
  }
}
