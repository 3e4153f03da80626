/// Names with addresses of their own, as in `/etc/hosts`.
public struct Hosts: Sendable, Hashable {
  private var addresses: [DNSName: [IPAddress]] = [:]
  private var names: [IPAddress: DNSName] = [:]

  /// No names.
  public init() {}

  /// The names in a text in the form of `hosts(5)`: an address and its names in a line, the rest of which is a comment
  /// behind `#`. Lines that cannot be read are ignored.
  public init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      // An address with a zone, such as fe80::1%eth0, belongs to an interface: the system's lookup is for these.
      guard let address = words.first.flatMap({ IPAddress(String($0)) }) else { continue }
      for word in words.dropFirst() {
        guard let name = try? DNSName(String(word)) else { continue }
        self[name].append(address)
        if names[address] == nil { names[address] = name }
      }
    }
  }

  /// The addresses of a name, in their order; empty for an unknown name.
  public subscript(_ name: DNSName) -> [IPAddress] {
    get { addresses[name] ?? [] }
    set { addresses[name] = newValue }
  }

  /// The first name of an address.
  func name(of address: IPAddress) -> DNSName? { names[address] }
}
