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
    // Zeros, of which a question has many, and in their places what it is.
    var bytes = [UInt8](repeating: 0, count: size + (length ? 2 : 0))
    var start = 0
    if length {
      bytes.set(UInt16(size), at: 0)
      start = 2
    }
    bytes.set(id, at: start)
    // RD alone; one question.
    bytes[start + 2] = 0x01
    bytes[start + 5] = 1
    if usesEDNS { bytes[start + 11] = 1 }
    start += 12
    for index in name.wire.indices { bytes[start + index] = name.wire[index] }
    start += name.wire.count
    bytes.set(type, at: start)
    bytes[start + 3] = 1
    if usesEDNS {
      bytes[start + 6] = 41
      bytes.set(UInt16(datagramSize), at: start + 7)
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
  fileprivate mutating func set(_ number: UInt16, at index: Int) {
    self[index] = UInt8(number >> 8)
    self[index + 1] = UInt8(truncatingIfNeeded: number)
  }

  fileprivate mutating func append(_ number: UInt16) {
    append(UInt8(number >> 8))
    append(UInt8(truncatingIfNeeded: number))
  }
}
