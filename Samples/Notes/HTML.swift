import Swirl

/// Markup: a literal is taken as it is, and text that is interpolated is escaped.
struct HTML: ExpressibleByStringInterpolation {
  var markup: String

  init(stringLiteral literal: String) { markup = literal }
  init(stringInterpolation parts: Parts) { markup = parts.markup }

  struct Parts: StringInterpolationProtocol {
    var markup = ""

    init(literalCapacity: Int, interpolationCount: Int) {}

    mutating func appendLiteral(_ literal: String) { markup += literal }
    mutating func appendInterpolation(_ html: HTML) { markup += html.markup }
    mutating func appendInterpolation(_ all: [HTML]) { for html in all { markup += html.markup } }
    mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      markup += value.description.htmlEscaped
    }
  }
}

extension HTTPServer.Response {
  /// A page of the service.
  static func page(_ title: String, status: HTTPResponse.Status = .ok, _ content: HTML) -> HTTPServer.Response {
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head><meta charset="utf-8"><title>\(title)</title><link rel="stylesheet" href="/static/notes.css"></head>
      <body><h1>\(title)</h1>\(content)</body>
      </html>

      """
    return .html(page.markup, status: status)
  }
}

/// The page, or the JSON, of an error: also of those that the server answers by itself.
func errorPage(_ failure: HTTPServer.Failure) throws -> HTTPServer.Response {
  let types = ["text/html", "application/json"]
  if failure.request?.path.hasPrefix("/api/") == true || failure.request?.preferredType(of: types) == types[1] {
    return try .json(["error": failure.text], status: failure.status)
  }
  return .page("\(failure.status.code) \(failure.status.reasonPhrase)", status: failure.status, "<p>\(failure.text)")
}
