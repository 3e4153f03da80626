public import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

extension HTTPServer.Response {
  /// A stream of server-sent events (WHATWG HTML §9.2), which a page reads by `EventSource`.
  ///
  /// ```swift
  /// var clients: [ObjectIdentifier: HTTPServer.EventWriter] = [:]
  ///
  /// .events { events in
  ///   clients[ObjectIdentifier(events)] = events
  ///   events.onDisconnect = { [unowned events] in clients[ObjectIdentifier(events)] = nil }
  /// }
  /// ```
  ///
  /// Retain the writer: the stream ends when it is released. A client that reconnects sends `Last-Event-ID`, the ID of
  /// the last event it has received: `request["Last-Event-ID"]`. A comment every `keepAlive` keeps the connection open
  /// through proxies, and finds clients that have vanished; nil sends no comment. When the server stops, its
  /// streams are ended.
  ///
  /// `handler` is called on the reactor's thread; an error that it throws is logged and breaks the connection. aiohttp:
  /// aiohttp-sse's `sse_response`.
  public static func events(
    keepAlive: Duration? = .seconds(15), headers: HTTPFields = HTTPFields(),
    _ handler: @escaping (HTTPServer.EventWriter) throws -> Void
  ) -> HTTPServer.Response {
    make(headers) { body in
      let events = HTTPServer.EventWriter(body, keepAlive: keepAlive)
      // Before the writer is released, which ends the stream in order.
      do { try handler(events) } catch { body.fail(error) }
      withExtendedLifetime(events) {}
    }
  }

  /// A stream of server-sent events, for a handler that awaits. The stream ends when the handler returns; the handler's
  /// task is cancelled if the client disconnects.
  ///
  /// ```swift
  /// .events { events in
  ///   for try await price in prices { try await events.send("\(price)") }
  /// }
  /// ```
  public static func events(
    keepAlive: Duration? = .seconds(15), headers: HTTPFields = HTTPFields(),
    _ handler: @escaping (HTTPServer.EventWriter) async throws -> Void
  ) -> HTTPServer.Response {
    make(headers) { body in
      let events = HTTPServer.EventWriter(body, keepAlive: keepAlive)
      let handled = Deferred { try await handler(events) }
      body.end(after: handled)
      // Last: the handler's failure comes before the release of the writer, which ends the stream in order.
      handled.addBoth { _ in withExtendedLifetime(events) {} }
    }
  }

  private static func make(
    _ headers: HTTPFields, _ start: @escaping (HTTPServer.BodyWriter) throws -> Void
  ) -> HTTPServer.Response {
    // `X-Accel-Buffering` is nginx's: without it a proxy holds events back.
    var fields: HTTPFields = [
      .contentType: ServerSentEvent.mediaType, .cacheControl: "no-store", .accelBuffering: "no",
    ]
    for field in headers { fields[fields: field.name] = [] }
    for field in headers { fields.append(field) }
    return .stream(headers: fields) { body in
      // The head goes out with the first bytes: the client knows now that the stream is open.
      body.write(":\n\n")
      try start(body)
    }
  }
}

extension HTTPField.Name {
  fileprivate static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
