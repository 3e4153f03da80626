/// By identity, so that a program can have a `Set<WebSocket>`.
extension WebSocket: Hashable {
  /// Whether it is the same socket.
  public static func == (left: WebSocket, right: WebSocket) -> Bool { left === right }

  /// Hashes its identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
