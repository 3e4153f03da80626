import SwirlNet
import Testing

@testable import SwirlDNS

@Suite struct ConfigurationTests {
  @Test func `resolv.conf is read as its manual says`() {
    let configuration = NameClient.Configuration(
      resolvConf: """
        # a comment
        ; another
        nameserver 192.0.2.53
        nameserver  2001:db8::53
        nameserver not-an-address
        nameserver
        domain first.test
        search One.test two.test bad..name
        options ndots:3 timeout:2 attempts:4 rotate edns0 trust-ad ndots: unknown:7
        sortlist 130.155.160.0/255.255.240.0
        """)
    #expect(configuration.servers.map(\.description) == ["192.0.2.53:53", "[2001:db8::53]:53"])
    #expect(configuration.searchDomains == ["one.test", "two.test"])
    #expect(configuration.ndots == 3 && configuration.timeout == .seconds(2) && configuration.attempts == 4)
    #expect(configuration.rotates && !configuration.usesTCP)
  }

  @Test func `of search and domain the last counts`() {
    #expect(
      NameClient.Configuration(resolvConf: "search a.test b.test\ndomain c.test d.test").searchDomains == ["c.test"])
    #expect(NameClient.Configuration(resolvConf: "search a.test\nsearch .").searchDomains == [])
  }

  @Test func `options have the limits of the manual`() {
    let most = NameClient.Configuration(resolvConf: "options ndots:99 timeout:99 attempts:99 use-vc")
    #expect(most.ndots == 15 && most.timeout == .seconds(30) && most.attempts == 5 && most.usesTCP)
    let least = NameClient.Configuration(resolvConf: "options ndots:0 timeout:0 attempts:-1")
    #expect(least.ndots == 0 && least.timeout == .seconds(1) && least.attempts == 1)
  }

  @Test(arguments: ["", "garbage\u{0}\u{FFFD}\n\n=", "nameserver ::::", "options", "search"])
  func `what cannot be read leaves the defaults, with the server of this machine`(text: String) {
    let configuration = NameClient.Configuration(resolvConf: text)
    #expect(configuration.servers.map(\.description) == ["127.0.0.1:53"])
    #expect(configuration.ndots == 1 && configuration.timeout == .seconds(5) && configuration.attempts == 2)
  }

  @Test func `hosts have addresses, and addresses a name`() {
    let hosts = Hosts(
      """
      127.0.0.1\tlocalhost
      192.0.2.1  Box.test box # its comment
      2001:db8::1 box.test
      # 192.0.2.2 box.test
      192.0.2.3#no name
      not-an-address box.test
      fe80::1%eth0 box.test
      """)
    #expect(hosts["BOX.test"] == [IPAddress("192.0.2.1")!, IPAddress("2001:db8::1")!])
    #expect(hosts["box"] == [IPAddress("192.0.2.1")!] && hosts["other.test"] == [])
    #expect(hosts.name(of: IPAddress("192.0.2.1")!)?.text == "Box.test")
    #expect(hosts.name(of: IPAddress("192.0.2.2")!) == nil)
  }

  @Test func `this machine has a configuration`() {
    #expect(!NameClient.Configuration.system.servers.isEmpty)
    #expect(SystemFile.text("/dev/zero") == nil && SystemFile.text("/nonexistent") == nil)
  }
}
