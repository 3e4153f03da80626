/// The source of a child process' input.
public struct ChildInputSource: Sendable {
  enum Kind {
    case pipe, null, inherit
    case descriptor(Int32)
  }
  let kind: Kind

  /// A pipe that this process writes to: see ``ChildProcess/standardInput``.
  public static let pipe = ChildInputSource(kind: .pipe)
  /// Immediate EOF (/dev/null).
  public static let null = ChildInputSource(kind: .null)
  /// This process' own descriptor.
  public static let inherit = ChildInputSource(kind: .inherit)
  /// An open descriptor. The caller still has to close it.
  public static func descriptor(_ descriptor: Int32) -> ChildInputSource { .init(kind: .descriptor(descriptor)) }
}

/// The target of a child process' output.
public struct ChildOutputTarget: Sendable {
  enum Kind {
    case pipe, null, inherit, standardOutput
    case descriptor(Int32)
  }
  let kind: Kind

  /// A pipe that this process reads from: see ``ChildProcess/standardOutput``.
  public static let pipe = ChildOutputTarget(kind: .pipe)
  /// Discards the output (/dev/null).
  public static let null = ChildOutputTarget(kind: .null)
  /// This process' own descriptor.
  public static let inherit = ChildOutputTarget(kind: .inherit)
  /// For the standard error: the same target as the standard output. The shell's `2>&1`.
  public static let standardOutput = ChildOutputTarget(kind: .standardOutput)
  /// An open descriptor. The caller still has to close it.
  public static func descriptor(_ descriptor: Int32) -> ChildOutputTarget { .init(kind: .descriptor(descriptor)) }
}
