// A server and a client for Scripts/interop, which runs them against programs of others.
//
//   InteropProbe serve                    prints its address; every path below is answered
//   InteropProbe fetch METHOD URL [BODY]  prints the status, a space, and then the body as it came
import Foundation
import Swirl

func serve() throws {
  let big = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
  let server = HTTPServer { request in
    switch request.path {
    case "/hello": .text("hello\n")
    case "/echo": .bytes(request.body)
    case "/big": .bytes(big)
    case "/stream":
      .stream { writer in
        for number in 1...3 { writer.write("line \(number)\n") }
        writer.end()
      }
    default: .text("no such page\n", status: .notFound)
    }
  }
  print(try server.listen(0).localAddress)
  fflush(nil)
  Reactor.current.run()
}

func fetchOnce(_ arguments: [String]) {
  var request = HTTPClient.Request(arguments[1])
  request.method = .init(arguments[0]) ?? .get
  if arguments.count > 2 { request.body = .bytes(Array(arguments[2].utf8)) }
  let reactor = Reactor.current
  fetch(request) { result in
    reactor.stop()
    switch result {
    case .success(let response):
      FileHandle.standardOutput.write(Data("\(response.status.code) ".utf8) + Data(response.body))
    case .failure(let error):
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }
  reactor.run()
}

switch CommandLine.arguments.dropFirst().first {
case "serve": try serve()
case "fetch" where CommandLine.arguments.count > 3: fetchOnce(Array(CommandLine.arguments.dropFirst(2)))
default:
  print("usage: InteropProbe serve | fetch METHOD URL [BODY]")
  exit(2)
}
