import SwirlNet
import SwirlTLS

/// Reads the arguments and options of an endpoint, each once: what is left at the end is an error.
struct EndpointReader {
  let endpoint: Endpoint
  private var arguments: ArraySlice<Endpoint.Part>
  private var options: [Endpoint.Option]
  /// The options that were asked for, for the message about another one.
  private var known: [String] = []

  init(_ endpoint: Endpoint) {
    self.endpoint = endpoint
    arguments = endpoint.arguments[...]
    options = endpoint.options
  }

  /// The place behind the string, where something is missing.
  private var end: Range<Int> { endpoint.text.count..<endpoint.text.count }

  func error(_ part: Endpoint.Part?, _ reason: String, advice: String? = nil) -> EndpointError {
    EndpointError(endpoint.text, at: part?.range ?? end, reason, advice: advice)
  }

  // MARK: - Arguments

  var argumentCount: Int { arguments.count }

  mutating func argument(_ name: String, advice: String) throws(EndpointError) -> Endpoint.Part {
    guard let part = arguments.popFirst() else { throw error(nil, "the \(name) is missing", advice: advice) }
    if part.text.isEmpty { throw error(part, "the \(name) is empty", advice: advice) }
    return part
  }

  mutating func port(from minimum: Int, advice: String) throws(EndpointError) -> Int {
    let part = try argument("port", advice: advice)
    guard let port = Int(part.text), (minimum...65535).contains(port), part.text.allSatisfy(\.isASCII) else {
      throw error(part, "the port \"\(part.text)\" is not a number from \(minimum) to 65535")
    }
    return port
  }

  // MARK: - Options

  /// The values of an option that may be written more than once.
  mutating func values(_ name: String) -> [Endpoint.Part] {
    known.append(name)
    defer { options.removeAll { $0.name.text == name } }
    return options.filter { $0.name.text == name }.map(\.value)
  }

  mutating func value(_ name: String) throws(EndpointError) -> Endpoint.Part? {
    let values = values(name)
    if values.count > 1 { throw error(values[1], "the option \(name) is there twice") }
    return values.first
  }

  mutating func text(_ name: String) throws(EndpointError) -> String? {
    guard let part = try value(name) else { return nil }
    if part.text.isEmpty { throw error(part, "the option \(name) is empty") }
    return part.text
  }

  mutating func number(_ name: String, _ range: ClosedRange<Int>) throws(EndpointError) -> Int? {
    guard let part = try value(name) else { return nil }
    guard let number = Int(part.text), range.contains(number) else {
      throw error(part, "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func flag(_ name: String) throws(EndpointError) -> Bool {
    guard let part = try value(name) else { return false }
    switch part.text {
    case "yes": return true
    case "no": return false
    default: throw error(part, "\(name) is yes or no")
    }
  }

  mutating func seconds(_ name: String) throws(EndpointError) -> Duration? {
    guard let part = try value(name) else { return nil }
    guard part.text.allSatisfy({ "0123456789.".contains($0) }), let number = Double(part.text), number > 0,
      number <= 1_000_000
    else { throw error(part, "\(name) is a number of seconds, such as 30 or 0.5") }
    return .seconds(number)
  }

  /// Fails if anything is left.
  func finish() throws(EndpointError) {
    if let argument = arguments.first {
      throw error(argument, "there is one argument too many", advice: "a colon inside of one is written \\:")
    }
    guard let option = options.first else { return }
    throw error(
      option.name, "\(endpoint.kind.text) has no option \"\(option.name.text)\" here",
      advice: known.isEmpty ? "it has no options" : "it has \(known.joined(separator: ", "))")
  }
}
