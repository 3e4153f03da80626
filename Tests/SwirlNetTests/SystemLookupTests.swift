import Testing

@testable import SwirlNet

@Suite struct SystemLookupTests {
  @Test func `Each address comes once, though the system lists it for each kind of socket`() throws {
    #expect(try SystemLookup.addresses(of: "127.0.0.1").map(\.host) == ["127.0.0.1"])
    #expect(try SystemLookup.addresses(of: "::1").map(\.host) == ["::1"])
  }

  @Test func `A failure names the host`() {
    let name = String(repeating: "a", count: 64)
    #expect { try SystemLookup.addresses(of: name) } throws: { ($0 as? NetError)?.peer == name }
  }
}
