@testable import SwirlDNS

// The first byte of an input chooses: a message, or a name as text.

func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

/// Names are within their bounds, and their text is safe to print, and reads back.
func checkName(_ name: DNSName) {
  check((1...255).contains(name.wire.count), "a name of \(name.wire.count) bytes")
  check(name.labels.allSatisfy { (1...63).contains($0.count) }, "\(name.labels)")
  check(name.labels.reduce(1) { $0 + $1.count + 1 } == name.wire.count, "\(name.wire)")
  check(name.text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, name.text.debugDescription)
  guard let again = try? DNSName(name.text) else { fatalError("\(name.text) cannot be read") }
  check(again.wire == name.wire, "\(name.text) is \(again.wire), not \(name.wire)")
  check(name.lowercased == name && name.lowercased.hashValue == name.hashValue, name.text)
  check(name.isUnder(.root) && name.isUnder(name), name.text)
}

func checkRecord(_ record: DNSRecord) {
  checkName(record.name)
  check(record.description.utf8.allSatisfy { (0x20...0x7E).contains($0) }, record.description.debugDescription)
  let bytes = record.data.bytes
  // What is written is read as the same. Names that were compressed may have made it longer than a record can be.
  guard bytes.count <= 65_535 else { return }
  var reader = WireReader(bytes)
  guard let data = try? RecordData.read(record.typeNumber, bytes.count, &reader) else {
    // Text that was not UTF-8 was repaired.
    if record.typeNumber == RecordNumber.caa { return }
    fatalError("\(record) cannot be read again")
  }
  check(data == record.data || record.typeNumber == RecordNumber.caa, "\(data), not \(record.data)")
}

func checkMessage(_ bytes: [UInt8]) {
  let message: DNSMessage
  do { message = try DNSMessage(bytes) } catch {
    check((0...bytes.count).contains(error.offset), "\(error)")
    return
  }
  let records = message.answers + message.authority + message.additional
  // Each record takes 11 bytes at least, so that the counts cannot lie.
  check(12 + 11 * records.count <= bytes.count, "\(records.count) records in \(bytes.count) bytes")
  for record in records { checkRecord(record) }
  // Cut anywhere, it does not become another whole message.
  if bytes.count < 100, !records.isEmpty {
    let end = bytes.count - 1
    if let cut = try? DNSMessage(Array(bytes[..<end])) {
      check(cut.answers == message.answers && cut.authority == message.authority, "cut, and as whole")
    }
  }
  guard let question = message.question else { return }
  checkName(question.name)
  // With the question's name shared, it is read as without.
  guard let shared = try? DNSMessage(bytes, asked: question.name) else { fatalError("not readable with its own name") }
  check(shared.answers == message.answers && shared.question == question, "another message with its own name")
  switch AnswerReader.read(message, for: question.name, question.typeNumber) {
  case .found(let found, let aliases):
    check(!found.isEmpty && aliases.count <= AnswerReader.maximumAliases, "\(found) behind \(aliases)")
  case .alias(let name, let aliases):
    checkName(name)
    check((1...AnswerReader.maximumAliases).contains(aliases.count), "\(aliases.count) aliases")
  case .missing: break
  }
  let again = MessageWriter.response(
    to: message, answers: message.answers, authority: message.authority, additional: message.additional)
  guard again.count <= 65_535,
    records.allSatisfy({ $0.data.bytes.count <= 65_535 && $0.typeNumber != RecordNumber.caa })
  else {
    return
  }
  guard let copy = try? DNSMessage(again) else { fatalError("what was written cannot be read") }
  check(copy.answers == message.answers && copy.additional == message.additional, "written as another message")
}

func checkText(_ text: String) {
  guard let name = try? DNSName(text) else { return }
  checkName(name)
}

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  // The pointer is valid during the call; copies the bytes.
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  if first & 1 == 0 { checkMessage(rest) } else { checkText(String(decoding: rest, as: UTF8.self)) }
  return 0
}
