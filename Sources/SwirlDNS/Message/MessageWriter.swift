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
    var place = length ? 2 : 0
    // All that is not written is zero.
    var bytes = [UInt8](repeating: 0, count: place + size)
    func write(_ number: UInt16, at place: Int) {
      bytes[place] = UInt8(truncatingIfNeeded: number >> 8)
      bytes[place + 1] = UInt8(truncatingIfNeeded: number)
    }
    if length { write(UInt16(size), at: 0) }
    write(id, at: place)
    // RD alone; one question; with EDNS one additional record.
    bytes[place + 2] = 1
    bytes[place + 5] = 1
    if usesEDNS { bytes[place + 11] = 1 }
    place += 12
    for byte in name.wire {
      bytes[place] = byte
      place += 1
    }
    write(type, at: place)
    bytes[place + 3] = 1
    // The root's record, without flags and options.
    if usesEDNS {
      write(RecordNumber.opt, at: place + 5)
      write(UInt16(datagramSize), at: place + 7)
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
