import SwirlPlatform
import Testing

@testable import SwirlNet

@Suite struct NetErrorTests {
  @Test(arguments: [
    (
      NetError(.connect, "127.0.0.1:80", errno: ECONNREFUSED),
      "connect to 127.0.0.1:80: connection refused: nothing listens there"
    ),
    (
      NetError(.listen, "*:80", errno: EACCES),
      "listen on *:80: permission denied: a port below 1024, or another's directory, is for root"
    ),
    (NetError(.connect, "/run/x", errno: EACCES), "connect to /run/x: permission denied"),
    (
      NetError(.accept, "*:80", errno: EMFILE),
      "accept on *:80: too many open files: raise the limit (ulimit -n) or open fewer connections at once"
    ),
    (NetError(.resolve, "x", reason: "no such name"), "resolve x: no such name"),
  ])
  func `The message says what was attempted, with whom, why it failed and what to do`(error: NetError, message: String)
  {
    #expect(error.description == message)
  }
}
