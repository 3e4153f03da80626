import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

/// A path in its own directory, which is removed with the object.
private final class TemporaryPath {
  let directory: String
  var path: String { directory + "/socket" }
  init() {
    var template = Array("/tmp/swirl-XXXXXX\0".utf8CString)
    directory = String(cString: mkdtemp(&template))
  }
  deinit {
    unlink(path)
    rmdir(directory)
  }
  var exists: Bool { access(path, F_OK) == 0 }
}

@Suite struct UnixTests {
  @Test func `A Unix socket connects, and its file goes with stop()`() throws {
    let place = TemporaryPath()
    try withReactor { reactor in
      let server = Recorder { $0.onData = { $0.transport?.write("[\($0.text)]") } }
      let listener = try reactor.listenUnix(place.path) { _ in server }
      #expect(place.exists)
      #expect(listener.localAddress.description == place.path)
      let client = Recorder {
        $0.onMade = { $0.write("hello") }
        $0.onData = { _ in
          listener.stop()
          reactor.stop()
        }
      }
      reactor.connectUnix(place.path) { client }
      return {
        #expect(client.text == "[hello]")
        #expect(!place.exists)
      }
    }
  }

  #if os(Linux)
  @Test func `A path that begins with NUL is in the abstract namespace`() throws {
    let name = "\0swirl-test-\(getpid())"
    try withReactor { reactor in
      let listener = try reactor.listenUnix(name) { _ in Recorder() }
      #expect(listener.localAddress.description == "@" + name.dropFirst())
      let client = Recorder { $0.onMade = { _ in reactor.stop() } }
      reactor.connectUnix(name) { client }
      return { #expect(client.events == ["made"]) }
    }
  }
  #endif

  @Test func `A file that a dead server left is replaced, one of a living server is not`() throws {
    let place = TemporaryPath()
    let dead = Socket.stream(AF_UNIX)
    #expect(Socket.bind(dead, to: SocketAddress(unixPath: place.path)!) == 0)
    Socket.close(dead)
    let reactor = Reactor()
    let listener = try reactor.listenUnix(place.path) { _ in nil }
    #expect(throws: NetError.self) { try reactor.listenUnix(place.path) { _ in nil } }
    #expect(listener.isListening && place.exists)
  }

  @Test func `A plain file is not replaced, and another's socket is not removed`() throws {
    let place = TemporaryPath()
    close(open(place.path, O_CREAT | O_WRONLY, 0o600))
    let reactor = Reactor()
    #expect(throws: NetError.self) { try reactor.listenUnix(place.path) { _ in nil } }
    unlink(place.path)
    let first = try reactor.listenUnix(place.path) { _ in nil }
    unlink(place.path)
    let second = try reactor.listenUnix(place.path) { _ in nil }
    first.stop()
    #expect(place.exists)
    second.stop()
    #expect(!place.exists)
  }

  @Test func `A path without a listener is refused, and named`() {
    let place = TemporaryPath()
    withReactor { reactor in
      var message = ""
      reactor.connectUnix(place.path) { Recorder() }.addCallback { _ in }.addErrback {
        message = "\($0)"
        reactor.stop()
      }
      return { #expect(message == "connect to \(place.path): no such file or directory") }
    }
  }

  @Test(arguments: ["", String(repeating: "x", count: 108), "a\0b"])
  func `A path that cannot be is refused`(path: String) {
    let reactor = Reactor()
    var message = ""
    reactor.connectUnix(path) { Recorder() }.addCallback { _ in }.addErrback { message = "\($0)" }
    #expect(message.hasSuffix("the path of a Unix socket has 1 to 107 bytes, and no NUL but the first"))
    #expect(throws: NetError.self) { try reactor.listenUnix(path) { _ in nil } }
  }
}
