/// A message of DNS, as a server has answered (RFC 1035 §4).
public struct DNSMessage: Sendable {
  /// The outcome in an answer (RFC 1035 §4.1.1, RFC 6891 §6.1.3).
  public struct ResponseCode: Sendable, Hashable, CustomStringConvertible {
    /// The number in IANA's registry.
    public let number: UInt16
    init(_ number: UInt16) { self.number = number }

    /// There is an answer, which may have no records.
    public static let noError = ResponseCode(0)
    /// The server could not read the question.
    public static let formatError = ResponseCode(1)
    /// The server has failed.
    public static let serverFailure = ResponseCode(2)
    /// The name does not exist: NXDOMAIN.
    public static let noSuchName = ResponseCode(3)
    /// The server does not do this.
    public static let notImplemented = ResponseCode(4)
    /// The server refuses to answer.
    public static let refused = ResponseCode(5)
    /// The server does not know the version of EDNS.
    static let badVersion = ResponseCode(16)

    private static let names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]
    /// `NXDOMAIN`, `SERVFAIL`, or `RCODE16` for one without a name here.
    public var description: String { number < 6 ? Self.names[Int(number)] : "RCODE\(number)" }
  }

  /// The question of a message.
  public struct Question: Sendable, Hashable {
    /// The name that was asked for.
    public let name: DNSName
    /// The number of the type in IANA's registry.
    public let typeNumber: UInt16
    /// IN is 1; multicast DNS uses the highest bit.
    let classNumber: UInt16
  }

  /// The number that joins a question and its answer.
  public let id: UInt16
  let flags: UInt16
  /// The outcome.
  public let responseCode: ResponseCode
  /// The question; nil without one, as some servers send errors.
  public let question: Question?
  /// The records of the answer, aliases and what they lead to.
  public let answers: [DNSRecord]
  /// The records that name who has authority, or why there is no answer.
  public let authority: [DNSRecord]
  /// Records that may be of use, such as addresses of the answer's hosts.
  public let additional: [DNSRecord]
  /// The size of datagrams that the server takes; nil if it does not know EDNS (RFC 6891).
  public let datagramSize: Int?

  /// Whether it is an answer.
  var isResponse: Bool { flags & 0x8000 != 0 }
  var opcode: UInt16 { flags >> 11 & 0xF }
  /// Whether the server has authority over the name.
  public var isAuthoritative: Bool { flags & 0x0400 != 0 }
  /// Whether it was cut to fit in a datagram.
  public var isTruncated: Bool { flags & 0x0200 != 0 }
  /// Whether the server says that it has checked the answer by DNSSEC. That is worth as much as the way to the server.
  public var isAuthenticated: Bool { flags & 0x0020 != 0 }

  /// Reads a message.
  ///
  /// - Parameters:
  ///   - bytes: the message, of a datagram, or without the length before it on a TCP connection.
  /// - Throws: ``MessageError``.
  public init(_ bytes: [UInt8]) throws(MessageError) { try self.init(bytes, asked: nil) }

  /// Reads a message; names that are `asked`, the question's name, share its memory.
  init(_ bytes: [UInt8], asked: DNSName?) throws(MessageError) {
    var reader = WireReader(bytes)
    id = try reader.uint16()
    flags = try reader.uint16()
    let questions = try reader.uint16()
    let counts = (Int(try reader.uint16()), Int(try reader.uint16()), Int(try reader.uint16()))
    // RFC 9619: one at most.
    guard questions <= 1 else { throw MessageError(.badRecord, at: 4, "a message with \(questions) questions") }
    if questions == 1 {
      let name = if let asked, reader.skip(asked) { asked } else { try reader.name() }
      reader.question = name
      question = Question(name: name, typeNumber: try reader.uint16(), classNumber: try reader.uint16())
    } else {
      question = nil
    }
    var options: (size: UInt16, highCode: UInt16)?
    answers = try Self.read(counts.0, &reader, &options)
    authority = try Self.read(counts.1, &reader, &options)
    additional = try Self.read(counts.2, &reader, &options)
    datagramSize = options.map { max(512, Int($0.size)) }
    responseCode = ResponseCode((options?.highCode ?? 0) << 4 | flags & 0xF)
  }

  /// The shortest record: the root, type, class, TTL and length.
  private static let shortestRecord = 11

  private static func read(
    _ count: Int, _ reader: inout WireReader, _ options: inout (size: UInt16, highCode: UInt16)?
  ) throws(MessageError) -> [DNSRecord] {
    if count == 0 { return [] }
    var records: [DNSRecord] = []
    // The count may lie.
    records.reserveCapacity(min(count, reader.remaining / shortestRecord))
    for _ in 0..<count {
      let start = reader.offset
      let name = try reader.name()
      let type = try reader.uint16()
      let classNumber = try reader.uint16()
      let seconds = try reader.uint32()
      let length = Int(try reader.uint16())
      if type == RecordNumber.opt {
        // RFC 6891 §6.1.1.
        if options != nil || !name.isRoot {
          throw MessageError(.badRecord, at: start, "a second OPT record, or one with a name")
        }
        options = (classNumber, UInt16(seconds >> 24))
        _ = try reader.content(length) { reader throws(MessageError) in try reader.rest() }
        continue
      }
      // A record of another class has another meaning: it is not for programs of the Internet.
      let data = try RecordData.read(classNumber == 1 ? type : 0, length, &reader)
      if classNumber != 1 { continue }
      // RFC 2181 §8: a TTL with the highest bit is zero.
      records.append(DNSRecord(name, type, seconds: seconds >> 31 == 0 ? seconds : 0, data))
    }
    return records
  }
}
