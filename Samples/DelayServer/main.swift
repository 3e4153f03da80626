// A server whose every page takes three seconds, without a thread waiting: ten thousand of them wait together.
// Answers to: Twisted Web in 60 seconds, asynchronous responses.
// Run: `swift run DelayServer [PORT]`.
import Foundation
import Swirl

let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080

let server = HTTPServer { request in
  reactor.sleep(.seconds(3)).addCallback {
    .text("hello, it is \(Date())\n")
  }
}
let listener = try server.listen(port)
print("every page of http://\(listener.localAddress)/ takes three seconds")
reactor.run()
