// A program that is async from its `main`: a client and a server that each have their own thread, and a body read as it
// arrives.
// Answers to: aiohttp's streaming of response content.
// Run: `swift run AsyncMain`.
import Swirl

@main struct AsyncMain {
  static func main() async throws {
    let server = ReactorThread(name: "server")
    let address = try await server.run { _ in
      try HTTPServer { request in
        .stream { body in
          for number in 1...3 { body.write("line \(number) of \(request.path)\n") }
          body.end()
        }
      }.listen(0).localAddress
    }

    // First the whole body at once, then piece by piece.
    print(try await fetch("http://\(address)/whole").text, terminator: "")
    let client = ReactorThread(name: "client")
    let response = try await client.run { _ in HTTPClient.shared.stream(HTTPClient.Request("http://\(address)/pieces"))
    }
    for try await bytes in response.body { print(String(decoding: bytes, as: UTF8.self), terminator: "") }

    await client.stop()
    await server.stop()
    print("stopped")
  }
}
