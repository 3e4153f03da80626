package import HTTPTypes

/// The parts of a request that select a response (RFC 9111 §4.1): the fields that its Vary field names, and the
/// credentials.
///
/// A private cache may store responses to authenticated requests. A program may use several credentials, so each gets
/// only the responses to its own. It stores only a hash, because request fields may be secret.
package enum CacheVariant {
  /// The names in a Vary field, in lower case and in order.
  package static func names(in head: ResponseHead) -> [String] {
    guard head["vary"] != nil else { return [] }
    let names = head.fields[values: .vary].flatMap(\.separatedOutsideQuotes).map { $0.trimmedOfBlanks.lowercased() }
    return Set(names).subtracting([""]).sorted()
  }

  /// Empty for a request without credentials, if the response does not vary.
  package static func hash(
    _ names: [String], _ credentials: [UInt8]?, by sha256: ([UInt8]) -> [UInt8],
    _ value: (HTTPField.Name) -> [UInt8]?
  ) -> [UInt8] {
    if names.isEmpty, credentials == nil { return [] }
    var bytes: [UInt8] = []
    func add(_ value: (some Collection<UInt8>)?) {
      guard let value else { return bytes.append(0) }
      bytes.append(1)
      bytes.append(contentsOf: "\(value.count) ".utf8)
      bytes.append(contentsOf: value)
    }
    add(credentials)
    for name in names {
      add(name.utf8)
      add(HTTPField.Name(name).flatMap(value)?.trimmedOfBlanks)
    }
    return sha256(bytes)
  }
}

extension [UInt8] {
  fileprivate var trimmedOfBlanks: SubSequence {
    var rest = drop(while: \.isBlank)
    while rest.last?.isBlank == true { rest.removeLast() }
    return rest
  }
}
