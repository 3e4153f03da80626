import Terminal

/// The text of --help: first what people do, then all flags.
enum Help {
  private static let examples = """
    fetch URL…: a command with the flags of curl.

    Print a page; or follow redirects, and fail on a status of 400 and more:
      fetch https://example.org/
      fetch -fsSL https://example.org/install.sh | less
    Save files, under their own names or another, and resume:
      fetch -O 'https://example.org/{a,b}.tar.gz'
      fetch -C - -o a.tar.gz https://example.org/a.tar.gz
    Send JSON, a form, a form with a file, a file:
      fetch --json '{"name": "Ada"}' https://example.org/people
      fetch -d name=Ada --data-urlencode 'note=a & b' https://example.org/people
      fetch -F name=Ada -F 'picture=@ada.png' https://example.org/people
      fetch -T ada.png https://example.org/pictures/
    Ask with a query, a field, credentials:
      fetch -G -d q=swift https://example.org/search
      fetch -H 'Accept: text/html' -u ada:secret https://example.org/
    See the heads; only the status; how long it took:
      fetch -v https://example.org/
      fetch -s -o /dev/null -w '%{http_code} %{time_total}\\n' https://example.org/

    JSON is formatted on a terminal, in colour but for --no-color and NO_COLOR.
    A pipe, -o FILE and -o - get it as it came.
    """

  static var text: String {
    let topics = Flag.table.map { topic, flags in "\(topic):\n" + flags.map(line).joined(separator: "\n") }
    return ([examples] + topics).joined(separator: "\n\n")
  }

  /// The width of a terminal; a file gets lines of 80 columns.
  private static let columns = TerminalSize(of: 1).columns

  private static func line(_ flag: Flag) -> String {
    let value = if case .value(let name, _) = flag.action { " \(name)" } else { "" }
    let short = flag.short.map { "-\($0), " } ?? "    "
    let name = "  \(short)--\(flag.long)\(value)"
    let column = 28
    // What has no room beside the name is below it.
    var lines = [name.width < column ? name.padded(to: column - 1) : name]
    if name.width >= column { lines.append(String(repeating: " ", count: column - 1)) }
    for word in flag.help.split(separator: " ") {
      if lines[lines.count - 1].width + 1 + word.count >= columns, lines[lines.count - 1].width >= column {
        lines.append(String(repeating: " ", count: column - 1))
      }
      lines[lines.count - 1] += " \(word)"
    }
    return lines.joined(separator: "\n")
  }
}
