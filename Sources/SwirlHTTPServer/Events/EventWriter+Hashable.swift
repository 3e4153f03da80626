/// By identity, so that a program can have a `Set<HTTPServer.EventWriter>`.
extension HTTPServer.EventWriter: Hashable {
  /// Whether it is the same client.
  public static func == (left: HTTPServer.EventWriter, right: HTTPServer.EventWriter) -> Bool { left === right }

  /// Hashes its identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
