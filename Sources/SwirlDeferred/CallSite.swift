/// A place in a program, as `#fileID` and `#line` name it.
public struct CallSite: Sendable, CustomStringConvertible {
  /// The module and file, such as `MyApp/Main.swift`.
  public let file: StaticString
  /// The line, counted from one.
  public let line: UInt

  /// The place given by a function's default arguments.
  @inlinable public init(file: StaticString = #fileID, line: UInt = #line) {
    self.file = file
    self.line = line
  }

  /// `file:line`, as compilers print it.
  public var description: String { "\(file):\(line)" }
}
