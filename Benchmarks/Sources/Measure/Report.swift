import Glibc

/// One measurement, printed as a line of JSON for the calling script.
public struct Report {
  private var fields: [(String, String)]

  /// - Parameter figure: its name; a program with a single measurement needs no name.
  public init(_ figure: String = "") {
    fields = [("figure", "\"\(figure)\"")]
  }

  /// The cost of `operations` operations between two moments.
  public init(_ figure: String = "", operations: Int, from start: Usage, to end: Usage = .now) {
    self.init(figure)
    add("operations", Double(operations))
    add("user", end.user - start.user)
    add("system", end.system - start.system)
    add("wall", end.wall - start.wall)
  }

  /// Adds a number.
  public mutating func add(_ name: String, _ value: Double) { fields.append((name, "\(value)")) }

  /// Writes the line.
  public func send() {
    print("{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}")
    fflush(nil)
  }
}

/// Prints the reason and exits.
public func fail(_ reason: String) -> Never {
  let line = "\(reason)\n"
  _ = write(STDERR_FILENO, line, line.utf8.count)
  exit(1)
}
