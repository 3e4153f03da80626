import SwirlNet

extension NameClient.Configuration {
  /// Reads `resolv.conf(5)`. Of several `search` and `domain` lines the last counts; what is unknown is ignored.
  mutating func read(_ resolvConf: String) {
    for line in resolvConf.split(whereSeparator: \.isNewline) {
      guard let first = line.first, first != "#", first != ";" else { continue }
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let keyword = words.first else { continue }
      switch keyword {
      case "nameserver":
        if words.count > 1, let server = SocketAddress(ip: words[1], port: 53) { servers.append(server) }
      case "search", "domain":
        let domains = keyword == "domain" ? words.dropFirst().prefix(1) : words.dropFirst()
        searchDomains = domains.compactMap { try? DNSName($0) }.filter { !$0.isRoot }
      case "options": for option in words.dropFirst() { read(option: option) }
      default: break
      }
    }
    if servers.isEmpty { servers = [SocketAddress(ip: "127.0.0.1", port: 53)!] }
  }

  private mutating func read(option: String) {
    let parts = option.split(separator: ":", maxSplits: 1)
    let number = parts.count > 1 ? Int(parts[1]) : nil
    // The limits of the manual.
    switch (parts.first, number) {
    case ("ndots", let number?): ndots = min(max(number, 0), 15)
    case ("timeout", let number?): timeout = .seconds(min(max(number, 1), 30))
    case ("attempts", let number?): attempts = min(max(number, 1), 5)
    case ("rotate", _): rotates = true
    case ("use-vc", _): usesTCP = true
    default: break
    }
  }
}
