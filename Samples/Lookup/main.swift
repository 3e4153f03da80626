// Asks name servers for the records of a name, as `dig` and `host` do: `Lookup [@server[:port]] name… [type]`.
// Answers to: Twisted's `twisted.names.client`, dnspython, aiodns.
// Run: `swift run Lookup example.com MX`; without a name it shows names that it knows. Leaves out: DNSSEC, zone
// transfers.
import Swirl
import SwirlDNS

var words = Array(CommandLine.arguments.dropFirst())
var configuration = NameClient.Configuration.system
if let word = words.first(where: { $0.hasPrefix("@") }) {
  let parts = word.dropFirst().split(separator: "#")
  guard let first = parts.first,
    let server = SocketAddress(ip: String(first), port: parts.count > 1 ? Int(parts[1])! : 53)
  else { fatalError("\(word) is no server: write @192.0.2.53, or @192.0.2.53#5353") }
  configuration.servers = [server]
  words.removeAll { $0 == word }
}
if words.isEmpty {
  configuration = NameClient.Configuration(servers: [])
  configuration.hosts = Hosts("192.0.2.1 www.example.test\n2001:db8::1 www.example.test")
}
let type = words.count > 1 ? RecordType(named: words[words.count - 1]) : nil
let names = NameClient(configuration)

if let type, let name = words.first {
  do {
    let answer: DNSMessage = try await names.query(name, type)
    print(
      ";; \(answer.responseCode), \(answer.answers.count) answers\(answer.isAuthoritative ? ", authoritative" : "")")
    for record in answer.answers { print(record) }
    for record in answer.authority + answer.additional { print("; \(record)") }
  } catch { print(error) }
} else {
  for host in words.isEmpty ? ["www.example.test", "127.0.0.1", "localhost", "no..name"] : words {
    do {
      let addresses: [SocketAddress] = try await names.addresses(of: host)
      print("\(host): \(addresses.map(\.host).joined(separator: ", "))")
    } catch { print(error) }
  }
}
