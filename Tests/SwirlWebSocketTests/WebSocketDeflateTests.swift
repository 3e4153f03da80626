import Testing

@testable import SwirlWebSocket

@Suite struct WebSocketDeflateTests {
  @Test(arguments: [
    ("permessage-deflate", "permessage-deflate; server_max_window_bits=12"),
    (
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; server_max_window_bits=12; client_max_window_bits=10"
    ),
    (
      "permessage-deflate; client_max_window_bits=9",
      "permessage-deflate; server_max_window_bits=12; client_max_window_bits=9"
    ),
    ("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10"),
    ("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
    (
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
    ),
    // Other extensions and offers that can't be taken are passed over.
    (
      "x-webkit-deflate-frame, permessage-deflate; x, permessage-deflate; server_no_context_takeover",
      "permessage-deflate; server_no_context_takeover; server_max_window_bits=12"
    ),
  ])
  func `a server takes the first offer that it can`(_ offer: String, _ answer: String) {
    var deflate = WebSocketDeflate()
    deflate.peerWindowBits = 10
    #expect(deflate.accept(offer)?.answer == answer)
  }

  @Test(arguments: [
    "x", "permessage-deflate; x", "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=09",
    "permessage-deflate; client_max_window_bits=0", "permessage-deflate; client_max_window_bits=\"\"",
    "permessage-deflate; client_max_window_bits=9; client_max_window_bits=9", "", "permessage-deflate;",
  ])
  func `an offer with a wrong parameter is declined`(_ offer: String) {
    #expect(WebSocketDeflate().accept(offer) == nil)
  }

  @Test func `a server's own choices are in its answer`() {
    var deflate = WebSocketDeflate()
    deflate.windowBits = 15
    #expect(deflate.accept("permessage-deflate")?.answer == "permessage-deflate")
    deflate.takesContextOver = false
    deflate.peerTakesContextOver = false
    let accepted = deflate.accept("permessage-deflate")
    #expect(
      accepted?.answer == "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    #expect(accepted?.agreed.takesContextOver(.server) == false)
    #expect(accepted?.agreed.takesContextOver(.client) == false)
  }

  @Test func `a client's offer, and the answers to it`() throws {
    var deflate = WebSocketDeflate()
    #expect(deflate.offer == "permessage-deflate; client_max_window_bits")
    func agreed(_ answer: String) throws -> WebSocketDeflate.Agreed? {
      deflate.confirm(try #require(WebSocketExtension.list(answer))[0].parameters)
    }
    let plain = try agreed("permessage-deflate")
    #expect(plain?.clientWindowBits == 12)
    #expect(plain?.serverWindowBits == 15)
    #expect(plain?.takesContextOver(.server) == true)
    let full = try agreed(
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9;"
        + " client_max_window_bits=8")
    #expect(full?.takesContextOver(.server) == false)
    #expect(full?.takesContextOver(.client) == false)
    #expect(full?.clientWindowBits == 8)
    #expect(full?.serverWindowBits == 9)
    #expect(try agreed("permessage-deflate; client_max_window_bits") == nil)

    // What is asked of the server has to be in its answer.
    deflate.peerTakesContextOver = false
    deflate.takesContextOver = false
    deflate.peerWindowBits = 11
    #expect(
      deflate.offer
        == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11;"
        + " client_max_window_bits")
    #expect(try agreed("permessage-deflate; server_no_context_takeover") == nil)
    #expect(try agreed("permessage-deflate; server_max_window_bits=11") == nil)
    #expect(try agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=12") == nil)
    let both = try agreed("permessage-deflate; server_no_context_takeover; server_max_window_bits=10")
    #expect(both?.serverWindowBits == 10)
    #expect(both?.takesContextOver(.client) == false)
  }

  @Test func `both ends of ours agree, whatever each would have`() throws {
    for number in 0..<64 {
      var (client, server) = (WebSocketDeflate(), WebSocketDeflate())
      client.takesContextOver = number & 1 == 0
      client.peerTakesContextOver = number & 2 == 0
      client.peerWindowBits = number & 4 == 0 ? 15 : 9
      server.takesContextOver = number & 8 == 0
      server.peerTakesContextOver = number & 16 == 0
      server.peerWindowBits = number & 32 == 0 ? 15 : 9
      let accepted = try #require(server.accept(client.offer))
      let confirmed = client.confirm(try #require(WebSocketExtension.list(accepted.answer))[0].parameters)
      // A client may use a smaller window than the server would take.
      var expected = accepted.agreed
      expected.clientWindowBits = min(expected.clientWindowBits, client.windowBits)
      expected.clientNoContextTakeover = expected.clientNoContextTakeover || !client.takesContextOver
      #expect(confirmed == expected)
    }
  }
}
