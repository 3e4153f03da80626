/// Finds the answer to a question in a message: follows its aliases, and tells the kinds of no answer apart.
package enum AnswerReader {
  /// What a message says.
  package enum Conclusion {
    /// The records, and the aliases that led to them.
    case found([DNSRecord], aliases: [DNSRecord])
    /// The aliases end at a name that the message says nothing of.
    case alias(DNSName, aliases: [DNSRecord])
    /// There is no such name, or no such record, or the aliases do not end. With the seconds for which that may be
    /// kept (RFC 2308 §5).
    case missing(NameError.Code, seconds: UInt32?)
  }

  /// The maximum number of aliases to follow.
  package static let maximumAliases = 16

  /// - Parameters:
  ///   - name: the name that was asked for.
  ///   - earlier: the aliases that led to it.
  package static func read(
    _ message: DNSMessage, for name: DNSName, _ type: UInt16, behind earlier: [DNSRecord] = []
  ) -> Conclusion {
    var (name, aliases) = (name, earlier)
    while true {
      let wanted = name
      func isWanted(_ record: DNSRecord) -> Bool {
        (record.typeNumber == type || type == RecordNumber.any) && record.name == wanted
      }
      // Mostly the answer has nothing else.
      let records = message.answers.allSatisfy(isWanted) ? message.answers : message.answers.filter(isWanted)
      if !records.isEmpty { return .found(records, aliases: aliases) }
      let alias = message.answers.first { $0.typeNumber == RecordNumber.cname && $0.name == name }
      guard let alias, let target = alias.data.name else { break }
      aliases.append(alias)
      let isLoop = target == name || aliases.contains { $0.name == target }
      if isLoop || aliases.count > maximumAliases { return .missing(.aliasLoop, seconds: nil) }
      name = target
    }
    let authority = message.authority.first { $0.typeNumber == RecordNumber.soa && name.isUnder($0.name) }
    // RFC 2308 §5: the lesser of the TTL and the field for it.
    let seconds: UInt32? =
      if let authority, case .soa(let soa) = authority.data { min(authority.seconds, soa.minimum) } else { nil }
    let keep = seconds.map { aliases.reduce($0) { min($0, $1.seconds) } }
    if message.responseCode == .noSuchName { return .missing(.noSuchName, seconds: keep) }
    if aliases.count > earlier.count, authority == nil { return .alias(name, aliases: aliases) }
    return .missing(.noData, seconds: keep)
  }
}

extension DNSMessage {
  /// Whether a server without the answer only names others, which a client does not ask (RFC 2308 §2.2).
  var isReferral: Bool {
    answers.isEmpty && !isAuthoritative && flags & 0x0080 == 0
      && authority.contains { $0.typeNumber == RecordNumber.ns }
      && !authority.contains { $0.typeNumber == RecordNumber.soa }
  }
}
