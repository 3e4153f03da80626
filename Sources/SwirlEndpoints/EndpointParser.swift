/// Splits the string of an endpoint.
struct EndpointParser {
  private let text: String
  private let characters: [Character]
  private var position = 0

  init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  typealias Parts = (kind: Endpoint.Part, arguments: [Endpoint.Part], options: [Endpoint.Option])

  mutating func parts() throws(EndpointError) -> Parts {
    let kind = try piece(endingAt: [":"])
    var arguments: [Endpoint.Part] = []
    var options: [Endpoint.Option] = []
    while position < characters.count {
      // The colon.
      position += 1
      let part = try piece(endingAt: [":", "="])
      if position < characters.count, characters[position] == "=" {
        position += 1
        let option = Endpoint.Option(name: part, value: try piece(endingAt: [":"]))
        if option.name.text.isEmpty { throw EndpointError(text, at: part.range, "an option has no name") }
        options.append(option)
      } else if position < characters.count || !part.text.isEmpty || !arguments.isEmpty {
        // `redis:` has no argument.
        arguments.append(part)
      }
    }
    return (kind, arguments, options)
  }

  /// The text up to one of the ends that is neither escaped nor in brackets.
  private mutating func piece(endingAt ends: Set<Character>) throws(EndpointError) -> Endpoint.Part {
    let start = position
    var value = ""
    if position < characters.count, characters[position] == "[" {
      guard let end = characters[position...].firstIndex(of: "]") else {
        throw EndpointError(text, at: start..<characters.count, "the bracket is not closed")
      }
      position = end + 1
      if position < characters.count, !ends.contains(characters[position]) {
        throw EndpointError(text, at: position..<position + 1, "a colon follows the brackets of an address")
      }
      return Endpoint.Part(text: String(characters[start + 1..<end]), range: start..<position)
    }
    while position < characters.count, !ends.contains(characters[position]) {
      if characters[position] == "\\" {
        guard position + 1 < characters.count else {
          throw EndpointError(text, at: position..<position + 1, "a backslash at the end has nothing to escape")
        }
        position += 1
      }
      value.append(characters[position])
      position += 1
    }
    return Endpoint.Part(text: value, range: start..<position)
  }
}
