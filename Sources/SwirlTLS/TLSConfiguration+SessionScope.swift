import COpenSSL

extension TLSConfiguration {
  /// Whether a server asks its clients for certificates.
  var asksForClientCertificates: Bool { requiresClientCertificate || requestsClientCertificate }

  /// What a session is good for, as a SHA-256 hash: a session of a server that asks for other certificates, or that
  /// serves other hosts, is not resumed, though the keys of its ticket are the same. Certificates that are renewed
  /// change nothing.
  /// - Parameter names: the names of all hosts.
  func sessionScope(names: [String]) -> [UInt8] {
    var facts = names.sorted()
    facts.append("\(requiresClientCertificate) \(requestsClientCertificate) \(verification.isOn)")
    if asksForClientCertificates { facts += (roots ?? []).map(\.contents) + pinnedPublicKeys.sorted() }
    // Each with its length, so that no two lists are the same text.
    let text = facts.map { "\($0.utf8.count):\($0)" }.joined()
    var hash = [UInt8](repeating: 0, count: 32)
    SHA256(Array(text.utf8), text.utf8.count, &hash)
    return hash
  }
}

extension TLSConfiguration.PEM {
  /// Its text, or the path of the file that was not read.
  fileprivate var contents: String {
    switch place {
    case .file(let text), .text(let text), .contents(let text, _): text
    }
  }
}
