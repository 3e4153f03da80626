import SwirlDeferred

/// The records that a lookup has found: a collection of what they contain, in the order of the answer.
public struct NameAnswer<Value: Sendable>: Sendable {
  /// The name that was asked for.
  public let name: DNSName
  /// The records themselves, each with its name and TTL.
  public let records: [DNSRecord]
  /// The aliases that led to the records, the first of them that of ``name``.
  public let aliases: [DNSRecord]
  /// Whether the server says that it has checked the answer by DNSSEC. That is worth as much as the way to the server.
  public let isAuthenticated: Bool
  private let type: RecordType<Value>

  /// What the records contain.
  public var values: [Value] { records.map(content) }

  /// The name of the records: where the aliases lead. dnspython: `canonical_name`.
  public var canonicalName: DNSName { records.first?.name ?? name }

  /// For how long the answer may be kept: the least TTL of its records and aliases.
  public var ttl: Duration { (records + aliases).map(\.ttl).min() ?? .zero }

  /// - Parameter now: when a kept answer is used; nil if it has just come.
  init(_ name: DNSName, _ type: RecordType<Value>, _ found: FoundRecords, at now: Instant? = nil) {
    self.name = name
    self.type = type
    records = now.map { found.aged(at: $0) } ?? found.records
    aliases = found.aliases
    isAuthenticated = found.isAuthenticated
  }

  private func content(_ record: DNSRecord) -> Value {
    // Every record has the type, or the type is ANY, whose records are bytes.
    guard let content = type.content(record.data) else { preconditionFailure("a record of another type was found") }
    return content
  }
}

extension NameAnswer: RandomAccessCollection {
  /// Zero.
  public var startIndex: Int { 0 }
  /// The number of records.
  public var endIndex: Int { records.count }
  /// The content of a record.
  public subscript(_ index: Int) -> Value { content(records[index]) }
}
