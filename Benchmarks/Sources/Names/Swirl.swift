import Measure
import SwirlCore
import SwirlDNS

/// Without a cache: each name is asked for once.
@MainActor func swirl(_ port: Int) {
  let expected = names.indices.map { IPAddress(bytes: bytes(of: $0))! }
  var configuration = NameClient.Configuration(servers: [SocketAddress(ip: "127.0.0.1", port: port)!])
  configuration.cacheCapacity = 0
  let client = NameClient(configuration)
  var started = 0
  var completed = 0
  func startNext() {
    let index = started
    started += 1
    client.lookup(names[index], .a).addCallbacks(
      { answer in
        guard answer.count == 1, answer[0] == expected[index] else { fail("\(names[index]): \(answer.values)") }
        completed += 1
        if started < names.count { startNext() } else if completed == names.count { reactor.stop() }
      },
      { error -> Void in fail("\(error)") })
  }
  start = .now
  for _ in 0..<min(inFlight, names.count) { startNext() }
  reactor.run()
}

private func bytes(of index: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: address(of: index) >> (24 - 8 * $0)) } }
