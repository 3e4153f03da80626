/// The outcome of a question.
enum QuestionResult {
  case records(FoundRecords)
  /// Of a question whose first answer is wanted as it is.
  case message(DNSMessage)
}

/// Someone waits for a question. Its fields are read or written as a whole.
final class NameWaiter {
  /// What it waits for; only the question sets it.
  @safe @exclusivity(unchecked) var question: NameQuestion?
  @safe @exclusivity(unchecked) var completion: ((Result<QuestionResult, NameError>) -> Void)?

  func finish(_ result: Result<QuestionResult, NameError>) {
    question = nil
    completion.take()?(result)
  }

  /// Releases its references.
  func abandon() {
    completion = nil
    question = nil
  }

  /// Waits no more; others for the same question do.
  func cancel() {
    completion = nil
    question.take()?.leave(self)
  }
}

extension DNSName {
  /// With letters of a random case (draft-vixie-dnsext-dns0x20).
  func withRandomCase(using random: inout some RandomNumberGenerator) -> DNSName {
    var bits: UInt64 = 0
    return DNSName(
      wire: wire.enumerated().map { index, byte in
        if index % 64 == 0 { bits = random.next() }
        guard byte.isLetter else { return byte }
        defer { bits >>= 1 }
        return bits & 1 == 0 ? byte | 0x20 : byte & 0xDF
      })
  }
}
