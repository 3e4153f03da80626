/// Writes messages.
package enum MessageWriter {
  /// The size of datagrams that we ask for: what passes without fragments (RFC 9715 §3.1).
  package static let datagramSize = 1232

  /// A question, with the wish for recursion.
  ///
  /// - Parameters:
  ///   - length: whether its length goes before it, as on a TCP connection (RFC 1035 §4.2.2).
  ///   - usesEDNS: whether it has an OPT record (RFC 6891).
  package static func query(
    id: UInt16, _ name: DNSName, _ type: UInt16, usesEDNS: Bool, length: Bool = false
  ) -> [UInt8] {
    let size = 12 + name.wire.count + 4 + (usesEDNS ? 11 : 0)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 2)
    if length { bytes.append(UInt16(size)) }
    bytes.append(id)
    // RD alone; one question. By numbers: an array for each part would cost more than the message.
    bytes.append(0x0100 as UInt16)
    bytes.append(1 as UInt16)
    bytes.append(0 as UInt16)
    bytes.append(0 as UInt16)
    bytes.append((usesEDNS ? 1 : 0) as UInt16)
    bytes += name.wire
    bytes.append(type)
    bytes.append(1 as UInt16)
    if usesEDNS {
      // The root, and no flags and options.
      bytes.append(0 as UInt8)
      bytes.append(RecordNumber.opt)
      bytes.append(UInt16(datagramSize))
      bytes.append(0 as UInt16)
      bytes.append(0 as UInt16)
      bytes.append(0 as UInt16)
    }
    return bytes
  }

  /// An answer, for servers in tests.
  package static func response(
    to query: DNSMessage, code: UInt16 = 0, flags: UInt16 = 0x8180, answers: [DNSRecord] = [],
    authority: [DNSRecord] = [], additional: [DNSRecord] = [], datagramSize: Int? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(query.id)
    bytes.append(flags | code & 0xF)
    bytes.append(UInt16(query.question == nil ? 0 : 1))
    bytes.append(UInt16(answers.count))
    bytes.append(UInt16(authority.count))
    bytes.append(UInt16(additional.count + (datagramSize == nil ? 0 : 1)))
    if let question = query.question {
      bytes += question.name.wire
      bytes.append(question.typeNumber)
      bytes += [0, 1]
    }
    for record in answers + authority + additional {
      let isQuestions = record.name.wire == query.question?.name.wire
      bytes += isQuestions ? [0xC0, 12] : record.name.wire
      bytes.append(record.typeNumber)
      bytes += [0, 1] + record.seconds.wire
      let content = record.data.bytes
      bytes.append(UInt16(truncatingIfNeeded: content.count))
      bytes += content
    }
    if let datagramSize { bytes += [0, 0, 41] + UInt16(datagramSize).wire + [UInt8(code >> 4), 0, 0, 0, 0, 0] }
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ number: UInt16) {
    append(UInt8(number >> 8))
    append(UInt8(truncatingIfNeeded: number))
  }
}
