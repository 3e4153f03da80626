public import HTTPTypes
import SwirlReactor

extension HTTPClient {
  /// The server-sent events of `url` (WHATWG HTML §9.2), with the client's settings.
  ///
  /// ```swift
  /// client.events("http://127.0.0.1:8080/prices").onEvent { event in print(event.data) }
  /// ```
  ///
  /// It connects when `onEvent` is set or a loop over it begins, and reconnects until it is closed.
  /// Its reactor runs until then, as it would for a request. WHATWG: `EventSource`.
  ///
  /// - Parameters:
  ///   - url: beginning with `http://` or `https://`.
  ///   - lastEventID: the ID to resume behind, if the program has kept one.
  ///   - headers: fields of each request.
  ///   - configuration: limits and times.
  public func events(
    _ url: String, lastEventID: String = "", headers: HTTPFields = HTTPFields(),
    configuration: EventSource.Configuration = EventSource.Configuration()
  ) -> EventSource {
    events(Request(url, headers: headers), lastEventID: lastEventID, configuration: configuration)
  }

  /// The server-sent events that a request with its own settings asks for, such as one with a body. With a body
  /// that can be sent only once it does not reconnect. The request's deadline ends it.
  public func events(
    _ request: Request, lastEventID: String = "",
    configuration: EventSource.Configuration = EventSource.Configuration()
  ) -> EventSource {
    EventSource(self, request, lastEventID: lastEventID, configuration)
  }
}

// `isolation` is as in `fetch`.

/// The server-sent events of `url`, with the client of this thread's reactor. See `HTTPClient.events`.
///
/// ```swift
/// events("http://127.0.0.1:8080/prices").onEvent { event in print(event.data) }
/// reactor.run()
/// ```
public func events(
  _ url: String, lastEventID: String = "", headers: HTTPFields = HTTPFields(),
  configuration: EventSource.Configuration = EventSource.Configuration(),
  isolation: isolated (any Actor)? = #isolation
) -> EventSource {
  HTTPClient.shared.events(url, lastEventID: lastEventID, headers: headers, configuration: configuration)
}

/// The server-sent events that a request with its own settings asks for, with the client of this thread's reactor.
public func events(
  _ request: HTTPClient.Request, lastEventID: String = "",
  configuration: EventSource.Configuration = EventSource.Configuration(),
  isolation: isolated (any Actor)? = #isolation
) -> EventSource {
  HTTPClient.shared.events(request, lastEventID: lastEventID, configuration: configuration)
}

/// The server-sent events of `url`, with other fields in each request: `headers: ["Authorization": "Bearer \(token)"]`.
public func events(
  _ url: String, lastEventID: String = "", headers: KeyValuePairs<String, String>,
  configuration: EventSource.Configuration = EventSource.Configuration(),
  isolation: isolated (any Actor)? = #isolation
) -> EventSource {
  HTTPClient.shared.events(
    HTTPClient.Request(url, headers: headers), lastEventID: lastEventID, configuration: configuration)
}
