/// A version of TLS.
public struct TLSVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Its number on the wire.
  package let number: Int32

  package init(number: Int32) { self.number = number }

  /// TLS 1.2, RFC 5246.
  public static let tls12 = TLSVersion(number: 0x0303)
  /// TLS 1.3, RFC 8446.
  public static let tls13 = TLSVersion(number: 0x0304)

  /// Whether `a` is the older one.
  public static func < (a: TLSVersion, b: TLSVersion) -> Bool { a.number < b.number }

  /// `TLS 1.3`
  public var description: String { "TLS 1.\(number - 0x0301)" }
}
