/// The default Content-Types of responses, encoded once per second together with Date.
enum ContentType: Int, CaseIterable {
  case none
  case text
  case html
  case json
  case octets

  var value: String? {
    switch self {
    case .none: nil
    case .text: "text/plain; charset=utf-8"
    case .html: "text/html; charset=utf-8"
    case .json: "application/json"
    case .octets: "application/octet-stream"
    }
  }
}
