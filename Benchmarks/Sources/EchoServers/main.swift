// A TCP echo server that prints its free port of 127.0.0.1: `EchoServers swirl` or `EchoServers nio`.
import Measure

switch Options().words.first {
case "swirl": try swirlEcho()
case "nio": try nioEcho()
default: fail("usage: EchoServers swirl|nio")
}
