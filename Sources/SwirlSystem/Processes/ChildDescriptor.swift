/// What a child process reads from.
public struct ChildInputSource: Sendable {
  enum Kind {
    case pipe, null, inherit
    case descriptor(Int32)
  }
  let kind: Kind

  /// A pipe that this process writes to: see ``ChildProcess/standardInput``.
  public static let pipe = ChildInputSource(kind: .pipe)
  /// Nothing: the end at once.
  public static let null = ChildInputSource(kind: .null)
  /// What this process has there.
  public static let inherit = ChildInputSource(kind: .inherit)
  /// An open descriptor, which stays the caller's to close.
  public static func descriptor(_ descriptor: Int32) -> ChildInputSource { .init(kind: .descriptor(descriptor)) }
}

/// Where a child process writes to.
public struct ChildOutputTarget: Sendable {
  enum Kind {
    case pipe, null, inherit, standardOutput
    case descriptor(Int32)
  }
  let kind: Kind

  /// A pipe that this process reads from: see ``ChildProcess/standardOutput``.
  public static let pipe = ChildOutputTarget(kind: .pipe)
  /// Nowhere.
  public static let null = ChildOutputTarget(kind: .null)
  /// What this process has there.
  public static let inherit = ChildOutputTarget(kind: .inherit)
  /// For the standard error: where the standard output goes. The shell's `2>&1`.
  public static let standardOutput = ChildOutputTarget(kind: .standardOutput)
  /// An open descriptor, which stays the caller's to close.
  public static func descriptor(_ descriptor: Int32) -> ChildOutputTarget { .init(kind: .descriptor(descriptor)) }
}
