package import HTTPTypes

/// Why a server does not open a WebSocket, and what it answers instead.
package struct WebSocketRefusal: Error, Equatable, Sendable {
  package let statusCode: Int
  /// What the answer needs beside the status: Allow, Upgrade, Sec-WebSocket-Version.
  package let fields: HTTPFields
  /// What is wrong with the request, and which rule says so.
  package let reason: String

  init(_ statusCode: Int, _ reason: String, _ fields: HTTPFields = [:]) {
    self.statusCode = statusCode
    self.fields = fields
    self.reason = reason
  }
}

extension WebSocketRefusal: CustomStringConvertible {
  package var description: String { "\(reason) (status \(statusCode))" }
}

/// Why a client does not take the answer of a server for a WebSocket.
package struct WebSocketHandshakeError: Error, Equatable, Sendable {
  /// What is wrong with the answer, and which rule says so.
  package let reason: String

  init(_ reason: String) { self.reason = reason }
}

extension WebSocketHandshakeError: CustomStringConvertible {
  package var description: String { reason }
}
