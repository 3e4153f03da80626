// An echo server that prints its free port of 127.0.0.1: `EchoServers swirl` or `EchoServers nio` for TCP, and the same
// with `-datagrams` for UDP.
import Measure

switch Options().words.first {
case "swirl": try swirlEcho()
case "nio": try nioEcho()
case "swirl-datagrams": try swirlDatagramEcho()
case "swirl-datagrams-handler": try swirlDatagramEchoHandler()
case "nio-datagrams": try nioDatagramEcho()
default: fail("usage: EchoServers swirl|nio|swirl-datagrams|swirl-datagrams-handler|nio-datagrams")
}
