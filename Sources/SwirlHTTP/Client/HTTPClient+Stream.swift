public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPWire
public import SwirlReactor

extension HTTPClient {
  /// What a server answered, whatever its status, with a body that is still to come.
  ///
  /// Letting go of it without reading the body ends the request, and closes its connection.
  /// aiohttp: `ClientResponse`, whose `content` is the stream.
  public struct StreamedResponse: Sendable, CustomStringConvertible {
    /// The URL that answered: that of the request, or where redirects led from there.
    public let url: String
    /// The redirects that were followed, the first first.
    public let history: [RedirectStep]
    /// The content, in pieces as they came from the network, for one loop on any thread.
    ///
    /// When more than 128 KiB wait to be taken nothing is read from the connection until no more than 32 KiB do, so that a
    /// slow loop makes the server wait. The loop throws an ``HTTPError`` that names the URL when the content does not come
    /// to its end, and `CancellationError` when its task is cancelled. Leaving the loop ends the request.
    public let body: ReactorStream<[UInt8]>
    private let head: ResponseHead

    init(url: String, head: ResponseHead, body: ReactorStream<[UInt8]>, history: [RedirectStep]) {
      self.url = url
      self.history = history
      self.head = head
      self.body = body
    }

    /// The status, such as `200 OK`; compares with numbers.
    public var status: HTTPResponse.Status {
      head.status == 200 ? .ok : HTTPResponse.Status(code: head.status, reasonPhrase: head.reasonPhrase)
    }

    /// The fields, in the order they came. They are read anew each time: keep them if you look at many.
    public var headers: HTTPFields { head.fields }

    /// The first value of the field `name`, whatever its case; cheaper than `headers`.
    public func header(_ name: String) -> String? { head[name] }

    /// The status and the URL.
    public var description: String { "\(status) \(url)" }
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
    let deferred = Deferred<StreamedResponse>(canceller: { _ in exchange.cancel() }, file: file, line: line)
    exchange.consumer = .stream(ResponseStream(deferred))
    return deferred
  }
}
