/// How to reach a service or an origin: the content of an SVCB or HTTPS record (RFC 9460).
public struct ServiceBinding: Sendable, Hashable {
  /// A parameter, by its number.
  package struct Parameter: Sendable, Hashable {
    package let key: UInt16
    package let value: [UInt8]
  }

  /// Lower values are preferred; zero is an alias (RFC 9460 §2.4.2).
  public let priority: UInt16
  /// The name whose addresses the service has. The root stands for the record's own name; in an alias, for no service.
  public let target: DNSName
  /// In ascending order of their keys, each once.
  package let parameters: [Parameter]

  /// Whether it only names another place to ask: ``target``.
  public var isAlias: Bool { priority == 0 }

  /// The bytes of the parameter with this key in IANA's registry; nil if it is not there.
  public func parameter(_ key: UInt16) -> [UInt8]? { parameters.first { $0.key == key }?.value }

  /// The application protocols beside the default one, such as `h2` and `h3` (RFC 9460 §7.1).
  public var applicationProtocols: [String] {
    var names: [String] = []
    var rest = (parameter(Key.alpn) ?? [])[...]
    while let length = rest.popFirst() {
      names.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
      rest = rest.dropFirst(Int(length))
    }
    return names
  }

  /// Whether the protocol of the scheme itself, such as HTTP/1.1, is served, too.
  public var hasDefaultProtocol: Bool { parameter(Key.noDefaultALPN) == nil }

  /// The port, if it is not the usual one.
  public var port: Int? { parameter(Key.port).map { Int($0[0]) << 8 | Int($0[1]) } }

  /// Addresses to try while those of ``target`` are looked up.
  public var addressHints: [IPAddress] { hints(Key.ipv6Hint, 16) + hints(Key.ipv4Hint, 4) }

  private func hints(_ key: UInt16, _ size: Int) -> [IPAddress] {
    let bytes = parameter(key) ?? []
    return stride(from: 0, to: bytes.count, by: size).compactMap { IPAddress(bytes: bytes[$0..<$0 + size]) }
  }

  /// The configuration for Encrypted Client Hello, as bytes.
  public var encryptedClientHello: [UInt8]? { parameter(Key.ech) }

  /// The keys that a client must know to use this.
  var mandatoryKeys: [UInt16] {
    let bytes = parameter(Key.mandatory) ?? []
    return stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
  }

  /// Whether this library can do what a client must do; otherwise a client must not use this (RFC 9460 §8). It has no
  /// Encrypted Client Hello.
  public var isUsable: Bool { mandatoryKeys.allSatisfy { $0 <= Key.ipv6Hint && $0 != Key.ech } }

  enum Key {
    static let mandatory: UInt16 = 0
    static let alpn: UInt16 = 1
    static let noDefaultALPN: UInt16 = 2
    static let port: UInt16 = 3
    static let ipv4Hint: UInt16 = 4
    static let ech: UInt16 = 5
    static let ipv6Hint: UInt16 = 6
    static let names = ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"]
  }
}

// MARK: - Reading

extension ServiceBinding {
  init(_ reader: inout WireReader) throws(MessageError) {
    priority = try reader.uint16()
    target = try reader.name()
    var parameters: [Parameter] = []
    while reader.remaining > 0 {
      let start = reader.offset
      let key = try reader.uint16()
      guard parameters.last.map({ $0.key < key }) ?? true else {
        throw MessageError(.badRecord, at: start, "the parameters of a service are not in the order of their keys")
      }
      let parameter = Parameter(key: key, value: try reader.bytes(Int(try reader.uint16())))
      guard parameter.isValid else {
        throw MessageError(.badRecord, at: start, "the parameter \(parameter.name) of a service does not have its form")
      }
      parameters.append(parameter)
    }
    self.parameters = parameters
    let missesMandatory = mandatoryKeys.contains { parameter($0) == nil }
    let misusesDefault = parameter(Key.noDefaultALPN) != nil && parameter(Key.alpn) == nil
    if !isAlias, missesMandatory || misusesDefault {
      throw MessageError(.badRecord, at: reader.offset, "the parameters of a service miss one that others need")
    }
  }
}

extension ServiceBinding.Parameter {
  /// Whether the value has the form of its key (RFC 9460 §7, §8).
  fileprivate var isValid: Bool {
    switch key {
    case ServiceBinding.Key.mandatory:
      guard !value.isEmpty, value.count % 2 == 0 else { return false }
      var last = 0
      for index in stride(from: 0, to: value.count, by: 2) {
        let key = Int(value[index]) << 8 | Int(value[index + 1])
        // Ascending, without itself, which is zero.
        if key <= last { return false }
        last = key
      }
      return true
    case ServiceBinding.Key.alpn:
      var index = 0
      while index < value.count {
        if value[index] == 0 { return false }
        index += 1 + Int(value[index])
      }
      return !value.isEmpty && index == value.count
    case ServiceBinding.Key.noDefaultALPN: return value.isEmpty
    case ServiceBinding.Key.port: return value.count == 2
    case ServiceBinding.Key.ipv4Hint: return !value.isEmpty && value.count % 4 == 0
    case ServiceBinding.Key.ipv6Hint: return !value.isEmpty && value.count % 16 == 0
    default: return true
    }
  }

  var name: String {
    Int(key) < ServiceBinding.Key.names.count ? ServiceBinding.Key.names[Int(key)] : "key\(key)"
  }
}
