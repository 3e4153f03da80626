/// The command line: words, `--name value` and `--flag`.
public struct Options: Sendable {
  /// The arguments that are neither an option nor its value.
  public private(set) var words: [String] = []
  private var values: [String: String] = [:]
  private static let flags: Set = ["--close", "--http2", "--stay", "--quick"]

  /// - Parameter arguments: without the program's name.
  public init(_ arguments: some Sequence<String> = CommandLine.arguments.dropFirst()) {
    var name: String?
    for argument in arguments {
      if let option = name {
        values[option] = argument
        name = nil
      } else if Options.flags.contains(argument) {
        values[argument] = ""
      } else if argument.hasPrefix("--") {
        name = argument
      } else {
        words.append(argument)
      }
    }
  }

  /// Whether a flag was given.
  public func has(_ flag: String) -> Bool { values[flag] != nil }

  /// The value of an option, unchanged.
  public func text(_ name: String) -> String? { values[name] }

  /// The value of an option as a number.
  public func number(_ name: String, or standard: Double) -> Double { values[name].flatMap { Double($0) } ?? standard }

  /// The value of an option as a whole number.
  public func count(_ name: String, or standard: Int) -> Int { values[name].flatMap { Int($0) } ?? standard }
}
