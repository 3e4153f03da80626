extension RecordData {
  /// Reads the content of a record, which is `length` bytes.
  static func read(_ type: UInt16, _ length: Int, _ reader: inout WireReader) throws(MessageError) -> RecordData {
    try reader.content(length) { reader throws(MessageError) in
      switch type {
      case RecordNumber.a: .address(IPAddress(0, UInt64(try reader.uint32()), isIPv4: true))
      case RecordNumber.aaaa:
        .address(IPAddress(try reader.uint64(), try reader.uint64(), isIPv4: false))
      case RecordNumber.cname, RecordNumber.ns, RecordNumber.ptr, RecordNumber.dname: .name(try reader.name())
      case RecordNumber.mx: .mx(MXRecord(preference: try reader.uint16(), exchange: try reader.name()))
      case RecordNumber.txt: .txt(try readText(&reader))
      case RecordNumber.srv:
        .srv(
          SRVRecord(
            priority: try reader.uint16(), weight: try reader.uint16(), port: try reader.uint16(),
            target: try reader.name()))
      case RecordNumber.soa:
        .soa(
          SOARecord(
            primary: try reader.name(), mailbox: try reader.name(), serial: try reader.uint32(),
            refresh: try reader.uint32(), retry: try reader.uint32(), expire: try reader.uint32(),
            minimum: try reader.uint32()))
      case RecordNumber.caa: .caa(try readAuthority(&reader))
      case RecordNumber.svcb, RecordNumber.https: .binding(try ServiceBinding(&reader))
      default: .other(try reader.rest())
      }
    }
  }

  private static func readText(_ reader: inout WireReader) throws(MessageError) -> TXTRecord {
    var strings: [[UInt8]] = []
    repeat { strings.append(try reader.string()) } while reader.remaining > 0
    return TXTRecord(strings: strings)
  }

  private static func readAuthority(_ reader: inout WireReader) throws(MessageError) -> CAARecord {
    let start = reader.offset
    let flags = try reader.byte()
    let tag = try reader.string()
    guard !tag.isEmpty, tag.allSatisfy({ $0.isLetter || $0.isDigit }) else {
      throw MessageError(.badRecord, at: start, "the tag of a CAA record has other characters than letters and digits")
    }
    return CAARecord(
      isCritical: flags & 0x80 != 0, tag: String(decoding: tag, as: UTF8.self),
      value: String(decoding: try reader.rest(), as: UTF8.self), flags: flags)
  }

  /// The content on the wire, without compression.
  package var bytes: [UInt8] {
    switch self {
    case .address(let address): address.bytes
    case .name(let name): name.wire
    case .mx(let mx): mx.preference.wire + mx.exchange.wire
    case .txt(let txt): txt.strings.flatMap { [UInt8(truncatingIfNeeded: $0.count)] + $0 }
    case .srv(let srv): srv.priority.wire + srv.weight.wire + srv.port.wire + srv.target.wire
    case .soa(let soa):
      soa.primary.wire + soa.mailbox.wire
        + [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum].flatMap(\.wire)
    case .caa(let caa):
      [caa.flags, UInt8(truncatingIfNeeded: caa.tag.utf8.count)] + Array(caa.tag.utf8) + Array(caa.value.utf8)
    case .binding(let binding):
      binding.priority.wire + binding.target.wire
        + binding.parameters.flatMap { $0.key.wire + UInt16(truncatingIfNeeded: $0.value.count).wire + $0.value }
    case .other(let bytes): bytes
    }
  }
}

extension WireReader {
  mutating func uint64() throws(MessageError) -> UInt64 {
    UInt64(try uint32()) << 32 | UInt64(try uint32())
  }
}

extension FixedWidthInteger {
  /// The bytes, in network order.
  var wire: [UInt8] {
    stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> $0) }
  }
}
