/// A type of records, and with it the type of what such a record contains: `.mx` gives an ``MXRecord``.
///
/// Types without a constant here are ``other(_:)``, whose content is bytes (RFC 3597).
public struct RecordType<Value: Sendable>: Sendable {
  /// The number in IANA's registry.
  public let number: UInt16
  /// The content of a record of this type.
  let content: @Sendable (RecordData) -> Value?

  init(_ number: UInt16, _ content: @escaping @Sendable (RecordData) -> Value?) {
    self.number = number
    self.content = content
  }
}

extension RecordType: CustomStringConvertible {
  /// `MX`, or `TYPE65280` for a type without a name here (RFC 3597 §5).
  public var description: String { RecordNumber.name(of: number) }
}

extension RecordType where Value == IPAddress {
  /// The IPv4 address of a host (RFC 1035 §3.4.1).
  public static var a: RecordType { RecordType(RecordNumber.a) { $0.address } }
  /// The IPv6 address of a host (RFC 3596).
  public static var aaaa: RecordType { RecordType(RecordNumber.aaaa) { $0.address } }
}

extension RecordType where Value == DNSName {
  /// The name that an alias stands for (RFC 1035 §3.3.1).
  public static var cname: RecordType { RecordType(RecordNumber.cname) { $0.name } }
  /// A name server of a zone (RFC 1035 §3.3.11).
  public static var ns: RecordType { RecordType(RecordNumber.ns) { $0.name } }
  /// The name of an address (RFC 1035 §3.3.12).
  public static var ptr: RecordType { RecordType(RecordNumber.ptr) { $0.name } }
  /// The name that stands for all that is below another (RFC 6672).
  public static var dname: RecordType { RecordType(RecordNumber.dname) { $0.name } }
}

extension RecordType where Value == MXRecord {
  /// A mail exchange (RFC 1035 §3.3.9).
  public static var mx: RecordType { RecordType(RecordNumber.mx) { if case .mx(let mx) = $0 { mx } else { nil } } }
}

extension RecordType where Value == TXTRecord {
  /// Text (RFC 1035 §3.3.14).
  public static var txt: RecordType { RecordType(RecordNumber.txt) { if case .txt(let txt) = $0 { txt } else { nil } } }
}

extension RecordType where Value == SRVRecord {
  /// The location of a service (RFC 2782).
  public static var srv: RecordType { RecordType(RecordNumber.srv) { if case .srv(let srv) = $0 { srv } else { nil } } }
}

extension RecordType where Value == SOARecord {
  /// The start of a zone of authority (RFC 1035 §3.3.13).
  public static var soa: RecordType { RecordType(RecordNumber.soa) { if case .soa(let soa) = $0 { soa } else { nil } } }
}

extension RecordType where Value == CAARecord {
  /// Which authorities may issue certificates (RFC 8659).
  public static var caa: RecordType { RecordType(RecordNumber.caa) { if case .caa(let caa) = $0 { caa } else { nil } } }
}

extension RecordType where Value == ServiceBinding {
  /// How to reach an origin of HTTPS (RFC 9460 §9).
  public static var https: RecordType { RecordType(RecordNumber.https) { $0.binding } }
  /// How to reach a service (RFC 9460).
  public static var svcb: RecordType { RecordType(RecordNumber.svcb) { $0.binding } }
}

extension RecordType where Value == [UInt8] {
  /// The type with this number, as the bytes of its records (RFC 3597); names in them are not compressed.
  public static func other(_ number: UInt16) -> RecordType { RecordType(number) { $0.bytes } }
}

/// The numbers of types, and their names.
enum RecordNumber {
  static let a: UInt16 = 1
  static let ns: UInt16 = 2
  static let cname: UInt16 = 5
  static let soa: UInt16 = 6
  static let ptr: UInt16 = 12
  static let mx: UInt16 = 15
  static let txt: UInt16 = 16
  static let aaaa: UInt16 = 28
  static let srv: UInt16 = 33
  static let dname: UInt16 = 39
  static let opt: UInt16 = 41
  static let svcb: UInt16 = 64
  static let https: UInt16 = 65
  static let any: UInt16 = 255
  static let caa: UInt16 = 257

  private static let names: [UInt16: String] = [
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA", 29: "LOC",
    33: "SRV",
    35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3",
    52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 255: "ANY", 256: "URI", 257: "CAA",
  ]

  static func name(of number: UInt16) -> String { names[number] ?? "TYPE\(number)" }

  /// The number of a type's name, such as `MX` or `TYPE65280`, in any case; nil if there is no such type.
  static func number(named name: String) -> UInt16? {
    let name = name.uppercased()
    if name.hasPrefix("TYPE") { return UInt16(name.dropFirst(4)) }
    return names.first { $0.value == name }?.key
  }
}

extension RecordType where Value == [UInt8] {
  /// The type of this name, in any case: `mx`, `TYPE65280`; nil if there is no such type. For tools whose user chooses.
  public init?(named name: String) {
    guard let number = RecordNumber.number(named: name) else { return nil }
    self = .other(number)
  }
}
