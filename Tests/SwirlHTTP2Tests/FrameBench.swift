#if HTTP2
import HTTPTypes
import SwirlHTTP2

/// A session, and the frames that a test makes its peer send.
final class FrameBench {
  let session: HTTP2Session
  /// What happened, an entry an event: `head 1`, `data 1 hello`.
  var events: [String] = []
  var sections: [Int32: FieldSection] = [:]
  var errors: [HTTP2Error] = []
  /// All frames that the session has sent.
  var sent: [Frame] = []
  /// The time in nanoseconds.
  var now: Int64 = 1

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// A server that has the client's settings, and its acknowledgement unless `acknowledged` is false.
  static func server(
    acknowledged: Bool = true, clientSettings: [(Int, Int)] = [], _ change: (inout HTTP2Settings) -> Void = { _ in }
  ) throws -> FrameBench {
    let bench = try FrameBench(.server, change)
    bench.take()
    bench.receive(preface + Frame.settings(clientSettings).bytes + (acknowledged ? Frame.settingsAck.bytes : []))
    bench.forget()
    return bench
  }

  /// A client that has begun a GET on stream 1.
  static func client() throws -> FrameBench {
    let bench = try FrameBench(.client)
    bench.receive([.settings(), .settingsAck])
    _ = try bench.session.request(
      Array("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n".utf8), scheme: "https", hasContent: false)
    bench.take()
    bench.forget()
    return bench
  }

  init(_ role: HTTP2Session.Role, _ change: (inout HTTP2Settings) -> Void = { _ in }) throws {
    var settings = HTTP2Settings()
    change(&settings)
    session = HTTP2Session(role, settings)
  }

  func forget() {
    events = []
    sent = []
  }

  func receive(_ frames: [Frame], takesOutput: Bool = true) {
    receive(frames.flatMap(\.bytes), takesOutput: takesOutput)
  }

  /// What the peer sends; as a shell does, takes the output then.
  func receive(_ bytes: [UInt8], takesOutput: Bool = true) {
    do throws(HTTP2Error) { try session.receive(bytes.span, at: now) { note($0, bytes) } } catch {
      errors.append(error)
    }
    if takesOutput { take() }
  }

  @discardableResult func take() -> [Frame] {
    var frames: [Frame] = []
    while let output = session.takeOutput() {
      let isPreface = output.starts(with: FrameBench.preface)
      frames += Frame.all(in: isPreface ? Array(output.dropFirst(FrameBench.preface.count)) : output)
    }
    session.handleEvents { note($0, []) }
    sent += frames
    return frames
  }

  private func note(_ event: HTTP2Event, _ bytes: [UInt8]) {
    switch event {
    case .head(let id, let section, let endsStream):
      sections[id] = section
      events.append("head \(id)\(endsStream ? " ends" : "")")
    case .informational(let id, let section): events.append("informational \(id) \(section.status)")
    case .data(let id, let range):
      session.consumeConnection(range.count)
      session.consume(range.count, of: id)
      events.append("data \(id) \(String(decoding: bytes[range], as: UTF8.self))")
    case .trailers(let id, let section):
      events.append("trailers \(id) \(String(decoding: section.bytes, as: UTF8.self))")
    case .end(let id): events.append("end \(id)")
    case .sent(let id): events.append("sent \(id)")
    case .closed(let id, let code): events.append("closed \(id) \(code.rawValue)")
    case .fieldsTooLong(let id): events.append("too long \(id)")
    case .streamError(let error):
      errors.append(error)
      events.append("error \(error.stream) \(error.code.rawValue)")
    case .goAway(let last, let code, let debug): events.append("go away \(last) \(code.rawValue) \(debug)")
    case .settings: events.append("settings")
    case .pong(let data): events.append("pong \(data)")
    }
  }

  /// The head that came on a stream.
  func head(_ stream: Int32 = 1) -> String? {
    sections[stream].map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// The codes of the resets, and of GOAWAY as a negative number.
  var codes: [Int] { sent.compactMap { $0.kind == .reset ? $0.code : $0.kind == .goAway ? -$0.code : nil } }

  func respond(_ stream: Int32, _ head: String = "HTTP/1.1 200 OK\r\n\r\n", _ content: [UInt8]? = nil) throws {
    try session.respond(Array(head.utf8), on: stream, hasContent: content != nil)
    guard let content else { return }
    _ = session.write(content, on: stream)
    session.end(stream)
  }
}
#endif
