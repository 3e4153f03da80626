#if HTTP2
  import SwirlHTTP2
  import Testing

  @Suite struct HTTP2SessionTests {
    @Test func `a session begins with the preface and its settings`() throws {
      let session = try HTTP2Session(.client)
      let output = try #require(session.takeOutput())
      #expect(output.starts(with: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
    }
  }
#endif
