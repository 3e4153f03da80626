import SwirlHTTPCore

extension HTTPServer.Response {
  /// Whether its Connection field says `close`.
  var closes: Bool { fields?[.connection].map(ConnectionField.init)?.hasClose == true }
}

/// A Connection field of a response, which is a list (RFC 9110 §7.6.1).
struct ConnectionField {
  /// Whether to close the connection after the response.
  private(set) var hasClose = false
  /// The options other than `close` and `keep-alive`, which the server writes itself; nil without any.
  private(set) var others: String?

  init(_ value: String) {
    for part in value.split(separator: ",") {
      let option = part.trimmingPrefix { $0 == " " || $0 == "\t" }
      let name = option.prefix { $0 != " " && $0 != "\t" }
      switch name.lowercased() {
      case "close": hasClose = true
      case "keep-alive", "": break
      default: others = others.map { "\($0), \(name)" } ?? String(name)
      }
    }
  }
}
