import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet

extension HTTPServer.AccessLog {
  /// Appends the line of a record, with its line break; returns whether there is one.
  func append(_ record: HTTPServer.AccessRecord, to line: inout LogLine, _ clock: inout LogClock) -> Bool {
    switch format {
    case .common: appendCommon(record, to: &line, &clock)
    case .combined:
      appendCommon(record, to: &line, &clock)
      appendQuoted(record.request?[.referer]?.redactedURL, to: &line)
      appendQuoted(record.request?[.userAgent], to: &line)
    case .json: appendObject(record, to: &line, &clock)
    case .custom(let make):
      guard let text = make(record) else { return false }
      line.appendLine(text)
    }
    line.bytes.append(UInt8(ascii: "\n"))
    return true
  }

  private func appendCommon(
    _ record: HTTPServer.AccessRecord, to line: inout LogLine, _ clock: inout LogClock
  ) {
    line.append(record.clientHost ?? "-")
    line.append(" - - [")
    line.bytes += clock.common(Int(record.time.components.seconds))
    line.append("] \"")
    line.appendEscaped(record.requestLine)
    line.append("\" \(record.status.code) \(record.bodyBytes)")
  }

  private func appendQuoted(_ value: String?, to line: inout LogLine) {
    line.append(" \"")
    line.appendEscaped(value ?? "-")
    line.append("\"")
  }

  private func appendObject(
    _ record: HTTPServer.AccessRecord, to line: inout LogLine, _ clock: inout LogClock
  ) {
    let (seconds, attoseconds) = record.time.components
    line.append("{")
    let time = clock.internet(Int(seconds), milliseconds: Int(attoseconds / 1_000_000_000_000_000))
    line.appendMember("time", time)
    if let client = record.clientHost { line.appendMember("client", client) }
    if let request = record.request {
      line.appendMember("method", request.method.rawValue)
      line.appendMember("target", request.target.redactedURL)
      line.appendMember("version", "\(request.version)")
    }
    line.appendMember("status", literal: "\(record.status.code)")
    line.appendMember("bytes", literal: "\(record.bodyBytes)")
    line.appendMember("duration", literal: Self.seconds(record.duration))
    line.appendMember("complete", literal: "\(record.isComplete)")
    if let request = record.request {
      if let host = request.externalAuthority { line.appendMember("host", host) }
      if let referer = request[.referer] { line.appendMember("referer", referer.redactedURL) }
      if let agent = request[.userAgent] { line.appendMember("user_agent", agent) }
      if let tls = request.tls { line.appendMember("tls", "\(tls.version)") }
      if let id = request["x-request-id"] { line.appendMember("request_id", id) }
    }
    line.append("}")
  }

  /// `0.000123`
  private static func seconds(_ duration: Duration) -> String {
    let microseconds = duration.nanoseconds / 1000
    let fraction = String(microseconds % 1_000_000)
    return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
  }
}

extension HTTPServer.AccessRecord {
  /// The client's address without its port; nil if it is not known, or a Unix socket without a name.
  fileprivate var clientHost: String? {
    guard let host = clientAddress?.unmapped.host, !host.isEmpty else { return nil }
    return host.escapingControls()
  }
}
