public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
public import SwirlReactor

extension HTTPClient {
  /// What a server answered, whatever its status, with a body that is still to come.
  ///
  /// Letting go of it without reading the body ends the request, and closes its connection.
  /// aiohttp: `ClientResponse`, whose `content` is the stream.
  public struct StreamedResponse: Sendable, CustomStringConvertible {
    private let response: Response
    private let lateTrailers: LateTrailers
    /// The content, in pieces as they came from the network, for one loop on any thread.
    ///
    /// When more than 128 KiB wait to be taken nothing is read from the connection until no more than 32 KiB do, so that a
    /// slow loop makes the server wait. The loop throws an ``HTTPError`` that names the URL when the content does not come
    /// to its end, and `CancellationError` when its task is cancelled. Leaving the loop ends the request.
    public let body: ReactorStream<[UInt8]>

    init(_ response: Response, body: ReactorStream<[UInt8]>, trailers: LateTrailers) {
      self.response = response
      self.body = body
      lateTrailers = trailers
    }

    /// The URL that answered: that of the request, or where redirects led from there.
    public var url: String { response.url }

    /// The redirects that were followed, the first first.
    public var history: [RedirectStep] { response.history }

    /// The status, such as `200 OK`; compares with numbers.
    public var status: HTTPResponse.Status { response.status }

    /// The fields, in the order they came. They are read anew each time: keep them if you look at many.
    public var headers: HTTPFields { response.headers }

    /// The first value of the field `name`, whatever its case; cheaper than `headers`.
    public func header(_ name: String) -> String? { response.header(name) }

    /// The content codings that `body` is still in: see ``HTTPClient/Response/contentCodings``.
    public var contentCodings: [String] { response.contentCodings }

    /// The fields that came after the content (RFC 9110 §6.5): nil before its end, and where it has none.
    public var trailers: HTTPFields? { lateTrailers.fields }

    /// How long the steps to its head took.
    public var timings: Timings { response.timings }

    /// The status and the URL.
    public var description: String { "\(status) \(url.redactedURL)" }
  }

  /// Asks for `request` and gives the response, whatever its status, as soon as its head is there; the body is read from
  /// ``StreamedResponse/body`` while it comes.
  ///
  /// ```swift
  /// let response = try await client.stream(HTTPClient.Request(url)).value
  /// for try await bytes in response.body { … }
  /// ```
  ///
  /// The Deferred fires on the reactor's thread, and never before this has returned; what it gives may be used on any.
  /// Cancelling it before that ends the request. The request's timeout counts until the head is there; from then on for each
  /// time in which nothing comes, without the time in which the loop makes the server wait. `maximumBodySize` does not
  /// apply: nothing is collected.
  ///
  /// A body that was read to its end leaves its connection to the next request; one that was not has it closed.
  /// Fails with ``HTTPError``, which names the URL, or with `CancelledError`. aiohttp: `session.get`; Tornado:
  /// `streaming_callback`; Twisted: `Response.deliverBody`.
  public func stream(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<StreamedResponse> {
    let exchange = startDirectly(request)
    let deferred = Deferred<StreamedResponse>(cancelling: exchange, file: file, line: line)
    exchange.consumer = .stream(ResponseStream(deferred))
    return deferred
  }
}
