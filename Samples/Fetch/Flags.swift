/// A flag of the command line, and what it does to the options.
struct Flag {
  enum Action {
    /// Given `--no-NAME` it gets false.
    case flag((inout Options, Bool) throws -> Void)
    case value(String, (inout Options, String) throws -> Void)
  }
  let short: Character?
  let long: String
  let help: String
  let action: Action

  static func flag(_ short: Character?, _ long: String, _ help: String, _ path: WritableKeyPath<Options, Bool>) -> Flag
  {
    Flag(short: short, long: long, help: help, action: .flag { $0[keyPath: path] = $1 })
  }

  static func value(
    _ short: Character?, _ long: String, _ name: String, _ help: String,
    _ set: @escaping (inout Options, String) throws -> Void
  ) -> Flag {
    Flag(short: short, long: long, help: help, action: .value(name, set))
  }

  static func text(
    _ short: Character?, _ long: String, _ name: String, _ help: String, _ path: WritableKeyPath<Options, String?>
  ) -> Flag {
    value(short, long, name, help) { $0[keyPath: path] = $1 }
  }

  static func texts(
    _ short: Character?, _ long: String, _ name: String, _ help: String, _ path: WritableKeyPath<Options, [String]>
  ) -> Flag {
    value(short, long, name, help) { $0[keyPath: path].append($1) }
  }

  static func seconds(_ short: Character?, _ long: String, _ help: String, _ path: WritableKeyPath<Options, Double?>)
    -> Flag
  {
    value(short, long, "SECONDS", help) { options, text in
      // NaN is in no range.
      guard let number = Double(text), 0...1e9 ~= number else {
        throw UsageError(words: "--\(long) takes seconds, not \(text)")
      }
      // As for curl, zero is the default.
      options[keyPath: path] = number > 0 ? number : nil
    }
  }

  static func count(_ long: String, _ help: String, _ path: WritableKeyPath<Options, Int>) -> Flag {
    value(nil, long, "NUMBER", help) { options, text in
      guard let number = Int(text), number >= -1 else {
        throw UsageError(words: "--\(long) takes a number, not \(text)")
      }
      options[keyPath: path] = number
    }
  }

  static func content(_ short: Character?, _ long: String, _ help: String, _ kind: Options.Content.Kind) -> Flag {
    value(short, long, "DATA", help) { $0.content.append(.init(kind: kind, text: $1)) }
  }

  /// A flag that Swirl's way of working has made superfluous.
  static func ignored(_ short: Character?, _ long: String, _ help: String) -> Flag {
    Flag(short: short, long: long, help: help, action: .flag { _, _ in })
  }
}
