import CSwirlSystem
import SwirlPlatform

/// The size of a terminal, in characters.
public struct ChildTerminalSize: Sendable, Hashable, CustomStringConvertible {
  /// The number of lines.
  public var rows: Int
  /// The number of characters in a line.
  public var columns: Int

  /// - Parameters:
  ///   - rows: the number of lines, at most 65,535.
  ///   - columns: the number of characters in a line, at most 65,535.
  public init(rows: Int = 24, columns: Int = 80) {
    self.rows = rows
    self.columns = columns
  }

  /// `24 80`, as `stty size` prints it.
  public var description: String { "\(rows) \(columns)" }

  #if os(Linux)
  /// The size of the terminal on a descriptor; nil if it is no terminal.
  public init?(of descriptor: Int32) {
    var size = swirl_terminal_size()
    guard swirl_get_terminal_size(descriptor, &size) == 0 else { return nil }
    self.init(rows: Int(size.rows), columns: Int(size.columns))
  }

  /// The programs in the foreground get SIGWINCH.
  func apply(to descriptor: Int32) {
    var size = swirl_terminal_size()
    size.rows = UInt16(clamping: rows)
    size.columns = UInt16(clamping: columns)
    _ = swirl_set_terminal_size(descriptor, &size)
  }
  #endif
}
