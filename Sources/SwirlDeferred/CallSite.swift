/// A place in a program, in the form of `#fileID` and `#line`.
public struct CallSite: Sendable, CustomStringConvertible {
  /// The module and file, such as `MyApp/Main.swift`.
  public let file: StaticString
  /// The line, counted from one.
  public let line: UInt

  /// The place from a function's default arguments.
  @inlinable public init(file: StaticString = #fileID, line: UInt = #line) {
    self.file = file
    self.line = line
  }

  /// `file:line`, the form of compiler messages.
  public var description: String { "\(file):\(line)" }
}
