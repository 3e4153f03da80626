import Synchronization

extension HTTPServer {
  /// What the server remembers of a client from request to request, in a signed cookie, which the client can read, and
  /// can't change. See ``Middleware/sessions(keys:cookie:lifetime:isSecure:domain:logger:)``.
  ///
  /// It may be used on any thread, until the response is made: what is changed later, by a streamed body, is lost.
  public final class Session: Sendable {
    struct State {
      var values: [String: String]
      var isChanged = false
      var isRead = false
    }
    let state: Mutex<State>
    /// Whether the client has not sent a valid one.
    public let isNew: Bool

    init(_ values: [String: String], isNew: Bool) {
      state = Mutex(State(values: values))
      self.isNew = isNew
    }

    /// The value of this name; nil removes it.
    public subscript(name: String) -> String? {
      get {
        state.withLock {
          $0.isRead = true
          return $0.values[name]
        }
      }
      set {
        state.withLock {
          $0.isRead = true
          if $0.values[name] == newValue { return }
          $0.values[name] = newValue
          $0.isChanged = true
        }
      }
    }

    /// The value of this name as another type, such as `Int`; nil without it, and for other text.
    public subscript<Value: LosslessStringConvertible>(name: String, as type: Value.Type) -> Value? {
      get { self[name].flatMap { Value($0) } }
      set { self[name] = newValue.map { $0.description } }
    }

    /// The names of its values.
    public var names: [String] {
      state.withLock {
        $0.isRead = true
        return $0.values.keys.sorted()
      }
    }

    /// Whether it has no values.
    public var isEmpty: Bool { names.isEmpty }

    /// Removes all values, and with them the cookie: to log out. A copy of the cookie that the client has kept stays
    /// valid until its lifetime ends: what must end at once needs an ID in the session, and a list at the server.
    public func clear() {
      state.withLock {
        $0.isRead = true
        if $0.values.isEmpty { return }
        $0.values = [:]
        $0.isChanged = true
      }
    }
  }
}

extension HTTPServer.Request {
  /// The session of the client; an empty one without a cookie, and for one that is expired or not signed
  /// by us.
  ///
  /// ```swift
  /// router.post("/login") { request in
  ///   try request.session["user"] = check(request.formItems)
  ///   return .redirect(to: "/", status: .seeOther)
  /// }
  /// ```
  ///
  /// - Throws: an error, which is a 500, if no `.sessions` is around the handler.
  public var session: HTTPServer.Session {
    get throws {
      guard let session = self[SessionKey.self] else { throw NoSessionsError() }
      return session
    }
  }
}

extension HTTPServer.StreamedRequest {
  /// The session of the client: see ``HTTPServer/Request/session``.
  public var session: HTTPServer.Session { get throws { try request.session } }
}

enum SessionKey: HTTPServer.RequestKey { typealias Value = HTTPServer.Session }

/// A mistake of the program.
private struct NoSessionsError: Error, CustomStringConvertible {
  let description = "the request has no session: call router.intercept(.sessions(keys: …))"
}
