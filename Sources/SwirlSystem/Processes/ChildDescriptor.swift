import SwirlPlatform

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

/// What a child process gets as one of its further descriptors, from 3 on: see `Reactor.spawnProcess`.
public struct ChildDescriptor: Sendable {
  enum Kind {
    case input, output, null, inherit
    case descriptor(Int32)
    case file([UInt8], Int32)
  }
  let kind: Kind

  /// A pipe that the child reads, and this process writes: ``ChildProcess/inputs``. Twisted: `"w"`.
  public static let input = ChildDescriptor(kind: .input)
  /// A pipe that the child writes, and this process reads: ``ChildProcess/outputs``. Twisted: `"r"`.
  public static let output = ChildDescriptor(kind: .output)
  /// /dev/null.
  public static let null = ChildDescriptor(kind: .null)
  /// This process' descriptor of the same number.
  public static let inherit = ChildDescriptor(kind: .inherit)
  /// An open descriptor. The caller still has to close it.
  public static func descriptor(_ descriptor: Int32) -> ChildDescriptor { .init(kind: .descriptor(descriptor)) }
  /// A file, opened for reading.
  public static func reading(_ path: some SystemBytes) -> ChildDescriptor {
    .init(kind: .file(path.systemBytes, O_RDONLY))
  }
  /// A file, opened for writing: created, or truncated.
  public static func writing(_ path: some SystemBytes) -> ChildDescriptor {
    .init(kind: .file(path.systemBytes, O_WRONLY | O_CREAT | O_TRUNC))
  }
  /// A file, opened for writing at its end; created if it does not exist.
  public static func appending(to path: some SystemBytes) -> ChildDescriptor {
    .init(kind: .file(path.systemBytes, O_WRONLY | O_CREAT | O_APPEND))
  }
}
