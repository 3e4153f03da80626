// TCP echo on a free port of 127.0.0.1, which is printed: `EchoServers swirl` or `EchoServers nio`.
import Measure

switch Options().words.first {
case "swirl": try swirlEcho()
case "nio": try nioEcho()
default: fail("usage: EchoServers swirl|nio")
}
