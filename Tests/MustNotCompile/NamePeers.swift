// What comes from the names of Twisted, dnspython and aiodns by habit.
import Swirl
import SwirlDNS

@MainActor func habits(_ names: NameClient) {
  _ = DNSResolver()  // expect: NameClient
  names.getHostByName("example.com")  // expect: addresses(of: host) gives all addresses
  names.lookupMailExchange("example.com")  // expect: lookup(name, .mx)
  names.lookupService("_x._tcp.example.com")  // expect: services(name)
  _ = names.resolve("example.com", "MX")  // expect: lookup(name, .mx)
  _ = names.query("example.com", "MX")  // expect: lookup(name, .mx)
  _ = names.lookup("example.com", "MX")  // expect: RecordType(named: text)
  _ = names.gethostbyname("example.com")  // expect: addresses(of: host)
  names.nameservers = ["192.0.2.53"]  // expect: configuration.servers
}
