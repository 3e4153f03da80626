public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
public import SwirlReactor

extension HTTPClient {
  /// A response with any status, whose body is still arriving.
  ///
  /// Releasing it without reading the body ends the request, and closes its connection. aiohttp: `ClientResponse`,
  /// whose `content` is the stream.
  public struct StreamedResponse: Sendable, CustomStringConvertible {
    private let response: Response
    private let lateTrailers: LateTrailers
    /// The content, in pieces as they arrive, for one loop on any thread.
    ///
    /// A slow loop applies back-pressure: above 128 KiB of buffered bytes the connection stops reading, and resumes at
    /// 32 KiB. The loop throws an ``HTTPError`` that names the URL if the content is incomplete, and
    /// `CancellationError` if its task is cancelled. Leaving the loop ends the request.
    public let body: ReactorStream<[UInt8]>

    init(_ response: Response, body: ReactorStream<[UInt8]>, trailers: LateTrailers) {
      self.response = response
      self.body = body
      lateTrailers = trailers
    }

    /// The final URL: that of the request, or of its last redirect.
    public var url: String { response.url }

    /// The followed redirects, in order.
    public var history: [RedirectStep] { response.history }

    /// The status, such as `200 OK`; compares with numbers.
    public var status: HTTPResponse.Status { response.status }

    /// The fields, in order. Each access parses them again: store them if you read several.
    public var headers: HTTPFields { response.headers }

    /// The first value of the field `name`, case-insensitive; cheaper than `headers`.
    public func header(_ name: String) -> String? { response.header(name) }

    /// The content codings that `body` is still in: see ``HTTPClient/Response/contentCodings``.
    public var contentCodings: [String] { response.contentCodings }

    /// The trailer fields (RFC 9110 §6.5): nil before the end, and without any.
    public var trailers: HTTPFields? { lateTrailers.fields }

    /// The durations of the steps up to its head.
    public var timings: Timings { response.timings }

    /// The status and the URL.
    public var description: String { "\(status) \(url.redactedURL)" }
  }

  /// Sends `request` and gives the response, with any status, when its head has arrived; read the body from
  /// ``StreamedResponse/body`` as it arrives.
  ///
  /// ```swift
  /// let response = try await client.stream(HTTPClient.Request(url)).value
  /// for try await bytes in response.body { … }
  /// ```
  ///
  /// The Deferred fires on the reactor's thread, and never before this has returned; the response may be used on any
  /// thread. Cancelling it earlier ends the request. The request's timeout applies up to the head; after that to each
  /// gap between received bytes, without the time in which the loop applies back-pressure. `maximumBodySize` does not
  /// apply, because the body is not collected.
  ///
  /// After a body that was read to its end the connection is reused; otherwise it is closed. Fails with ``HTTPError``,
  /// which names the URL, or with `CancelledError`. aiohttp: `session.get`; Tornado: `streaming_callback`; Twisted:
  /// `Response.deliverBody`.
  public func stream(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<StreamedResponse> {
    let exchange = startDirectly(request)
    let deferred = Deferred<StreamedResponse>(cancelling: exchange, file: file, line: line)
    exchange.consumer = .stream(ResponseStream(deferred))
    return deferred
  }
}
