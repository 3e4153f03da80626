public import SwirlDeferred
import SwirlHTTPCore

extension Deferred where Value == HTTPClient.Response {
  /// Makes a status of an error, 400 to 599, a failure: ``HTTPStatusError``, which has the response. Any other response
  /// passes.
  ///
  /// ```swift
  /// fetch(url).addStatusCheck().addCallback { print($0.text) }.addErrback { print($0) }
  /// ```
  ///
  /// Like ``HTTPClient/Response/raiseForStatus()``, but under another name, because `try await
  /// fetch(url).raiseForStatus()` would find it here at the top level of `main.swift`.
  @discardableResult
  public func addStatusCheck(file: StaticString = #fileID, line: UInt = #line) -> Deferred<HTTPClient.Response> {
    addCallback(file: file, line: line) { try $0.raiseForStatus() }
  }
}

// At the top level of main.swift Swift takes `fetch(url)` without `await` for `try await fetch(url)` too, where no type
// says otherwise: its overload resolution counts that place as synchronous. These say so where the response is used; an
// expression such as `try await fetch(url).text` is not concerned, since an unavailable member ranks last.

extension Deferred where Value == HTTPClient.Response {
  /// Unavailable: its message says what to write instead.
  @available(*, unavailable, message: "not there yet: use addStatusCheck(), or await the Deferred with `.value`")
  @discardableResult
  public func raiseForStatus() -> HTTPClient.Response { fatalError() }
  /// Unavailable: its message says what to write instead.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var status: Never { fatalError() }
  /// Unavailable: its message says what to write instead.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var headers: Never { fatalError() }
  /// Unavailable: its message says what to write instead.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var body: Never { fatalError() }
  /// Unavailable: its message says what to write instead.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var text: Never { fatalError() }
  /// Unavailable: its message says what to write instead.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public func json<Result>(as type: Result.Type) -> Result { fatalError() }
}
