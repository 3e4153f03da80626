public import SwirlDeferred
import SwirlHTTPCore

// At the top level of main.swift Swift takes `fetch(url)` without `await` for `try await fetch(url)` too, where no type says otherwise: its
// overload resolution counts that place as synchronous. These say so where the response is used; an expression such as
// `try await fetch(url).text` is not concerned, since an unavailable member ranks last.

extension Deferred where Value == HTTPClient.Response {
  /// Says what to write.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var status: Never { fatalError() }
  /// Says what to write.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var headers: Never { fatalError() }
  /// Says what to write.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var body: Never { fatalError() }
  /// Says what to write.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public var text: Never { fatalError() }
  /// Says what to write.
  @available(*, unavailable, message: "not there yet: await the Deferred with `.value`, or use addCallback")
  public func json<Result>(as type: Result.Type) -> Result { fatalError() }
}
