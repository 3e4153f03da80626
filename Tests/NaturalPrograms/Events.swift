import Swirl

/// Server-sent events as people write them by guess.
@MainActor struct Events {
  func run() async throws {
    var clients: [HTTPServer.EventWriter] = []
    let server = HTTPServer { request in
      if request.path == "/loop" {
        return .events { client in
          for number in 1...3 { try await client.send("\(number)", id: "\(number)") }
        }
      }
      guard request["X-Token"] == "t" else { return .status(.unauthorized) }
      return .events { client in
        clients.append(client)
        client.send("welcome", type: "greeting")
        client.onDisconnect = { [unowned client] in clients.removeAll { $0 === client } }
      }
    }
    let url = "http://127.0.0.1:\(try server.listen(0).port)"

    var numbers: [String] = []
    for try await event in events("\(url)/loop") {
      numbers.append(event.data)
      if event.id == "3" { break }
    }
    check("loopsOverEvents", numbers == ["1", "2", "3"])

    let twice = Deferred<Void>()
    var received: [String] = []
    let source = events(url, headers: ["X-Token": "t"]).onEvent { event in
      received.append("\(event.type) \(event.data)")
      if received.count == 1 { clients.broadcast("news") } else { twice.callback() }
    }
    try await twice.value
    source.close()
    check("hearsEvents", received == ["greeting welcome", "message news"])

    do {
      for try await _ in events(HTTPClient.Request(url, headers: ["X-Token": "no"])) {}
    } catch { check("refusedEvents", "\(error)".contains("answered 401")) }
    try await server.stop().value
  }
}
