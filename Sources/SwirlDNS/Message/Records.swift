/// A mail exchange of a domain (RFC 1035 §3.3.9).
public struct MXRecord: Sendable, Hashable {
  /// Lower values are tried first.
  public let preference: UInt16
  /// The host that takes the mail; the root if the domain takes no mail (RFC 7505).
  public let exchange: DNSName
}

/// A server of a service (RFC 2782).
public struct SRVRecord: Sendable, Hashable {
  /// Lower values are tried first.
  public let priority: UInt16
  /// How often it is chosen among those of its priority.
  public let weight: UInt16
  /// The port of the service there.
  public let port: UInt16
  /// The host; the root if there is no such service.
  public let target: DNSName
}

/// Text (RFC 1035 §3.3.14).
public struct TXTRecord: Sendable, Hashable {
  /// Its strings, of up to 255 bytes each.
  public let strings: [[UInt8]]

  /// The strings in one, as UTF-8: so SPF and DKIM read them (RFC 7208 §3.3).
  public var text: String { String(decoding: strings.joined(), as: UTF8.self) }
}

/// The start of a zone of authority (RFC 1035 §3.3.13).
public struct SOARecord: Sendable, Hashable {
  /// The first source of the zone.
  public let primary: DNSName
  /// The mailbox of who is responsible: its first label is the part before the @.
  public let mailbox: DNSName
  /// The version of the zone.
  public let serial: UInt32
  /// After how many seconds other servers ask for a new version.
  public let refresh: UInt32
  /// After how many seconds they ask again if that fails.
  public let retry: UInt32
  /// After how many seconds they answer no more if it fails.
  public let expire: UInt32
  /// For how many seconds it is known that a name does not exist (RFC 2308 §4).
  public let minimum: UInt32
}

/// Which authorities may issue certificates for a domain (RFC 8659).
public struct CAARecord: Sendable, Hashable {
  /// Whether an authority that does not know the tag must not issue.
  public let isCritical: Bool
  /// The property: `issue`, `issuewild`, `iodef`.
  public let tag: String
  /// Its value, such as `ca.example.net`.
  public let value: String
  let flags: UInt8
}

/// The content of a record. Types that have no case here are bytes.
package enum RecordData: Sendable, Hashable {
  case address(IPAddress)
  /// CNAME, NS, PTR, DNAME.
  case name(DNSName)
  case mx(MXRecord)
  case txt(TXTRecord)
  case srv(SRVRecord)
  indirect case soa(SOARecord)
  indirect case caa(CAARecord)
  indirect case binding(ServiceBinding)
  case other([UInt8])

  var address: IPAddress? { if case .address(let address) = self { address } else { nil } }
  var name: DNSName? { if case .name(let name) = self { name } else { nil } }
  var binding: ServiceBinding? { if case .binding(let binding) = self { binding } else { nil } }
}

/// A record of an answer.
public struct DNSRecord: Sendable, Hashable {
  /// The name that it is about.
  public let name: DNSName
  /// The number of its type in IANA's registry.
  public let typeNumber: UInt16
  /// For how many seconds it may be kept.
  let seconds: UInt32
  package let data: RecordData

  package init(_ name: DNSName, _ typeNumber: UInt16, seconds: UInt32, _ data: RecordData) {
    self.name = name
    self.typeNumber = typeNumber
    self.seconds = seconds
    self.data = data
  }

  /// For how long it may be kept.
  public var ttl: Duration { .seconds(Int64(seconds)) }

  /// The name of its type, such as `MX`, or `TYPE65280`.
  public var typeName: String { RecordNumber.name(of: typeNumber) }

  /// Its content, if it is of this type.
  public func value<Value>(_ type: RecordType<Value>) -> Value? {
    type.number == typeNumber ? type.content(data) : nil
  }
}
