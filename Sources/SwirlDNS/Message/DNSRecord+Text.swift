extension DNSRecord: CustomStringConvertible {
  /// The record as a line of a zone's file (RFC 1035 §5): `example.com. 300 IN MX 10 mail.example.com.`
  public var description: String { "\(name.absoluteText) \(seconds) IN \(typeName) \(data.text)" }
}

extension DNSName {
  /// With the dot at its end, as in a zone's file.
  var absoluteText: String { isRoot ? "." : text + "." }
}

extension RecordData {
  /// The content as in a zone's file.
  var text: String {
    switch self {
    case .address(let address): "\(address)"
    case .name(let name): name.absoluteText
    case .mx(let mx): "\(mx.preference) \(mx.exchange.absoluteText)"
    case .txt(let txt): txt.strings.map(Self.quoted).joined(separator: " ")
    case .srv(let srv): "\(srv.priority) \(srv.weight) \(srv.port) \(srv.target.absoluteText)"
    case .soa(let soa):
      "\(soa.primary.absoluteText) \(soa.mailbox.absoluteText) \(soa.serial) \(soa.refresh) \(soa.retry) \(soa.expire) "
        + "\(soa.minimum)"
    case .caa(let caa): "\(caa.flags) \(caa.tag) \(Self.quoted(Array(caa.value.utf8)))"
    case .binding(let binding):
      (["\(binding.priority)", binding.target.absoluteText] + binding.parameters.map(\.text)).joined(separator: " ")
    case .other(let bytes):
      // RFC 3597 §5.
      "\\# \(bytes.count)"
        + (bytes.isEmpty
          ? "" : " " + bytes.map { $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16) }.joined())
    }
  }

  /// Between quotes, with escapes, so that a terminal sees no control character.
  static func quoted(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = [UInt8(ascii: "\"")]
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), .backslash: text += [.backslash, byte]
      case 0x20...0x7E: text.append(byte)
      default: text += [.backslash, 0x30 + byte / 100, 0x30 + byte / 10 % 10, 0x30 + byte % 10]
      }
    }
    return String(decoding: text + [UInt8(ascii: "\"")], as: UTF8.self)
  }
}

extension ServiceBinding.Parameter {
  /// As in a zone's file (RFC 9460 §2.1, appendix A).
  fileprivate var text: String {
    let binding = ServiceBinding(priority: 1, target: .root, parameters: [self])
    switch key {
    case ServiceBinding.Key.mandatory:
      let keys = binding.mandatoryKeys.map { ServiceBinding.Parameter(key: $0, value: []).name }
      return "mandatory=" + keys.joined(separator: ",")
    case ServiceBinding.Key.alpn:
      let names = binding.applicationProtocols.map { name in
        // A comma and a backslash within a name are escaped before the quoting.
        name.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
      }
      return "alpn=" + RecordData.quoted(Array(names.joined(separator: ",").utf8))
    case ServiceBinding.Key.port: return "port=\(binding.port ?? 0)"
    case ServiceBinding.Key.ipv4Hint, ServiceBinding.Key.ipv6Hint:
      return name + "=" + binding.addressHints.map(\.description).joined(separator: ",")
    default: return value.isEmpty ? name : name + "=" + RecordData.quoted(value)
    }
  }
}
