public import HTTPTypes
#if HTTP2
import SwirlHTTP2
#endif
import SwirlHTTPCore
import SwirlReactor

extension HTTPServer.Request {
  /// Sends a 103, with what the client may load while the handler makes the answer (RFC 8297).
  ///
  /// ```swift
  /// request.earlyHints(["Link": "</style.css>; rel=preload; as=style"])
  /// ```
  ///
  /// May be called several times, and from any thread. Does nothing for clients of HTTP/1.0, once the answer has begun,
  /// and while the answers to earlier requests of the connection are due. The answer has the fields again, if they are
  /// meant for it. Fields that cannot be sent are logged. Node: `response.writeEarlyHints`.
  public func earlyHints(_ fields: HTTPFields) {
    guard version >= .http11, number >= 0, let channel = connection.channel else { return }
    channel.send(fields, to: self)
  }

  /// As above, with fields as text.
  public func earlyHints(_ fields: KeyValuePairs<String, String>) { earlyHints(HTTPFields(fields)) }
}

extension HTTPServer.StreamedRequest {
  /// Sends a 103, with what the client may load while the handler makes the answer: see
  /// ``HTTPServer/Request/earlyHints(_:)-(HTTPFields)``.
  public func earlyHints(_ fields: HTTPFields) { request.earlyHints(fields) }

  /// As above, with fields as text.
  public func earlyHints(_ fields: KeyValuePairs<String, String>) { request.earlyHints(fields) }
}

/// The way from a request, on any thread, to its connection.
///
/// Unchecked, because `connection` is only accessed on the reactor's thread.
final class HintChannel: @unchecked Sendable {
  private let remote: RemoteReactor
  /// Until the connection ends, or belongs to another protocol.
  var connection: (any ServedConnection)?

  init(_ reactor: Reactor) { remote = reactor.remote }

  func send(_ fields: HTTPFields, to request: HTTPServer.Request) {
    if remote.isCurrent {
      connection?.sendHints(fields, to: request)
    } else {
      remote.callFromThread { [self] in connection?.sendHints(fields, to: request) }
    }
  }
}

extension ServedConnection {
  /// The head of a 103; nil if it cannot be sent, which is logged.
  func hintsHead(_ fields: HTTPFields, for request: HTTPServer.Request) -> [UInt8]? {
    var head: [UInt8] = []
    do {
      try ResponseSerializer().appendHead(.init(code: 103), fields: fields, framing: .none, to: &head)
      return head
    } catch {
      server.log("early hints can't be sent: \(error)", of: request)
      return nil
    }
  }

  func sendHints(_ fields: HTTPFields, to request: HTTPServer.Request) {}
}

extension ServerConnection {
  func sendHints(_ fields: HTTPFields, to request: HTTPServer.Request) {
    guard machine.mayInform(request.number), let head = hintsHead(fields, for: request) else { return }
    if buffer.capacity == 0 { swap(&buffer, &server.spareOutput) }
    buffer += head
    // At once: a handler that has called this may take its time before it returns.
    flush()
  }
}

#if HTTP2
extension HTTP2ServerConnection {
  func sendHints(_ fields: HTTPFields, to request: HTTPServer.Request) {
    guard let stream = stream(Int32(request.number)), stream.mayInform, let head = hintsHead(fields, for: request)
    else {
      return
    }
    do { try session.respond(head, on: stream.id, hasContent: false) } catch {
      server.log("early hints can't be sent: \(error)", of: request)
    }
    wire.flushSoon()
  }
}
#endif
