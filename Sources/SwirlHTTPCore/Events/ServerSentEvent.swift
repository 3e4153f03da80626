/// One event of a stream of server-sent events (WHATWG HTML §9.2).
///
/// ```swift
/// events.send(ServerSentEvent("{\"price\": 7}", type: "quote", id: "41"))
/// ```
public struct ServerSentEvent: Sendable, Hashable, CustomStringConvertible {
  /// The type, by which a page chooses its listener: `message` without one.
  public var type: String
  /// The data; lines are separated by a line feed.
  public var data: String
  /// Sending: the ID, by which a client that reconnects says what it has received; nil sends no ID. Received: the last
  /// ID that the stream had so far.
  public var id: String?
  /// Sending: tells the client how long to wait before it reconnects. Received: nil, because the client obeys it.
  public var retry: Duration?

  /// - Parameters:
  ///   - data: of any number of lines.
  ///   - type: by default `message`.
  ///   - id: by which a client resumes; nil for no ID.
  ///   - retry: how long the client waits before it reconnects; whole milliseconds are sent.
  public init(_ data: String, type: String = "message", id: String? = nil, retry: Duration? = nil) {
    self.data = data
    self.type = type
    self.id = id
    self.retry = retry
  }

  /// The type and the data.
  public var description: String { type == "message" ? data : "\(type): \(data)" }

  /// The event as a stream has it (WHATWG HTML §9.2.5). Line breaks and NUL in the type and in the ID, which can't be
  /// sent, are dropped: no text of a user can become a field.
  package var encoded: String {
    var lines = ""
    if type != "message", !type.isEmpty { lines += "event: \(Self.oneLine(type))\n" }
    if let id { lines += "id: \(Self.oneLine(id))\n" }
    if let retry { lines += "retry: \(Int64(min(max(0, retry / .milliseconds(1)), Double(Self.longestRetry))))\n" }
    var line = "data: "
    var isAfterReturn = false
    for scalar in data.unicodeScalars {
      switch scalar {
      case "\n" where isAfterReturn: isAfterReturn = false
      case "\n", "\r":
        lines += line + "\n"
        line = "data: "
        isAfterReturn = scalar == "\r"
      default:
        line.unicodeScalars.append(scalar)
        isAfterReturn = false
      }
    }
    return lines + line + "\n\n"
  }

  private static func oneLine(_ text: String) -> String {
    String(text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && $0 != "\0" })
  }

  /// In milliseconds: a longer pause than a year is a mistake of the server.
  static let longestRetry: Int64 = 31_536_000_000

  /// The media type of a stream of events.
  package static let mediaType = "text/event-stream"
}
