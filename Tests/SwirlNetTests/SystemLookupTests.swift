import SwirlPlatform
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

  #if os(Linux)
  @Test(arguments: [0, 8]) func `Without a descriptor left the failure says so, and what to do`(spare: Int) async {
    await #expect(processExitsWith: .success) { [spare] in
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = 64
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var last: Int32 = 0
      while case let copy = dup(0), copy >= 0 { last = copy }
      // With free descriptors the file is readable; more than one, since another thread of this process may need one.
      for copy in (last - Int32(spare) + 1)..<(last + 1) { close(copy) }
      do {
        // It is in /etc/hosts of every machine, so no name server is queried.
        _ = try SystemLookup.addresses(of: "localhost")
        precondition(spare > 0)
      } catch let error as NetError {
        precondition(spare == 0 && error.errno == EMFILE, "\(error)")
        precondition("\(error)".hasPrefix("resolve localhost: too many open files: raise the limit (ulimit -n)"))
      }
    }
  }
  #endif
}
