import HTTPTypes
import SwirlHTTPCore

extension HTTPServer.Request {
  /// Which of these media types the client likes best (RFC 9110 §12.5.1); nil without one that it accepts.
  ///
  /// ```swift
  /// switch request.preferredType(of: ["text/html", "application/json"]) {
  /// case "text/html": return .html(page).with(.vary, "Accept")
  /// case "application/json": return try .json(item).with(.vary, "Accept")
  /// default: throw HTTPServer.StatusError(.notAcceptable)
  /// }
  /// ```
  ///
  /// Of those that it likes the same the first is chosen, and without an Accept field the first of all.
  public func preferredType(of types: [String]) -> String? {
    AcceptList(headers[.accept] ?? "").best(of: types)
  }
}
