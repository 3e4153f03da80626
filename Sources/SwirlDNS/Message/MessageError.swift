/// Why bytes are no message of DNS.
public struct MessageError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of mistake.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// The message ends before what it announces.
    public static let cut = Code(rawValue: 0)
    /// A name has a label of an unknown kind, or more than 255 bytes.
    public static let badName = Code(rawValue: 1)
    /// A compression pointer does not point backwards, or there are too many of them.
    public static let badPointer = Code(rawValue: 2)
    /// The content of a record does not have the form of its type.
    public static let badRecord = Code(rawValue: 3)
  }

  /// The kind of mistake.
  public let code: Code
  /// Where it is, in bytes from the start.
  public let offset: Int
  private let reason: String

  init(_ code: Code, at offset: Int, _ reason: String) {
    self.code = code
    self.offset = offset
    self.reason = reason
  }

  /// `a compression pointer does not point backwards, at byte 12`
  public var description: String { "\(reason), at byte \(offset)" }
}
