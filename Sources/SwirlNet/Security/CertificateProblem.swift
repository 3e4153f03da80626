/// A problem with a certificate.
public struct CertificateProblem: Sendable, Hashable, CustomStringConvertible {
  /// The problem and what to do, in words.
  public let description: String
  private let kind: String

  init(_ kind: String, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Two are equal if they have the same kind.
  public static func == (a: CertificateProblem, b: CertificateProblem) -> Bool { a.kind == b.kind }
  /// Consistent with `==`.
  public func hash(into hasher: inout Hasher) { hasher.combine(kind) }

  /// It has expired.
  public static let expired = CertificateProblem("expired", "its certificate has expired: it needs a new one")
  /// It is not valid yet.
  public static let notYetValid = CertificateProblem(
    "notYetValid", "its certificate is not valid yet: is this machine's clock right?")
  /// It is for other hosts.
  public static let wrongHost = CertificateProblem(
    "wrongHost", "its certificate is for another host: is this the right one?")
  /// It is self-signed, and not trusted.
  public static let selfSigned = CertificateProblem(
    "selfSigned", "its certificate is self-signed: if it is the right one, add it to the roots")
  /// No trusted authority has signed it, or the intermediate certificates were not sent.
  public static let unknownAuthority = CertificateProblem(
    "unknownAuthority",
    "no authority that is trusted here has signed its certificate, or it does not send the certificates between: add its root, or mend its chain"
  )
  /// It was revoked.
  public static let revoked = CertificateProblem("revoked", "its certificate was revoked by who signed it")
  /// Its key is not one of the pinned keys.
  public static let notPinned = CertificateProblem("notPinned", "its public key is not among those that are pinned")
  /// Any other problem; the description has the reason.
  public static let invalid = CertificateProblem("invalid", "its certificate is not valid")
}
