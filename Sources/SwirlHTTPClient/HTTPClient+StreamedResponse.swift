public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
public import SwirlReactor

extension HTTPClient {
  /// What a server answered, whatever its status, with a body that is still to come.
  ///
  /// Releasing it without reading the body ends the request, and closes its connection.
  /// aiohttp: `ClientResponse`, whose `content` is the stream.
  public struct StreamedResponse: Sendable, CustomStringConvertible {
    private enum Content: Sendable {
      /// It is in `response`.
      case whole
      case stream(ReactorStream<[UInt8]>, LateTrailers)
    }
    /// The head; with its content where that is whole.
    let response: Response
    private let content: Content

    init(_ response: Response, body: ReactorStream<[UInt8]>, trailers: LateTrailers) {
      self.response = response
      content = .stream(body, trailers)
    }

    /// A response whose body is there: for an interceptor that answers by itself, and for tests.
    public init(_ response: Response) {
      self.response = response
      content = .whole
    }

    /// A response whose body comes in `pieces`, and fails after the last of them where `fault` is given: for tests.
    public init(_ response: Response, pieces: [[UInt8]], fault: (any Error)? = nil) {
      self.init(
        response.withoutLength, body: ReactorStream(StreamBuffer(of: pieces, failingWith: fault)),
        trailers: LateTrailers(response.trailers))
    }

    /// The content, in pieces as they came from the network, for one loop on any thread.
    ///
    /// When more than 128 KiB wait to be taken nothing is read from the connection until no more than 32 KiB do, so
    /// that a slow loop makes the server wait. The loop throws an ``HTTPError`` that names the URL when the content
    /// does not come to its end, and `CancellationError` when its task is cancelled. Leaving the loop ends the request.
    public var body: ReactorStream<[UInt8]> {
      switch content {
      case .stream(let body, _): body
      case .whole: ReactorStream(StreamBuffer(of: response.body.isEmpty ? [] : [response.body]))
      }
    }

    /// The URL that answered: that of the request, or where redirects led from there.
    public var url: String { response.url }

    /// The redirects that were followed, the first first.
    public var history: [RedirectStep] { response.history }

    /// What the client's cache did for it; nil without a cache, or if the cache does not apply.
    public var cacheOutcome: HTTPCache.Outcome? { response.cacheOutcome }

    /// The status, such as `200 OK`; compares with numbers.
    public var status: HTTPResponse.Status { response.status }

    /// The version of HTTP in which it came.
    public var version: HTTPVersion { response.version }

    /// The fields, in the order they came. They are read anew each time: keep them if you look at many.
    public var headers: HTTPFields { response.headers }

    /// The first value of the field `name`, whatever its case; cheaper than `headers`.
    public subscript(name: String) -> String? { response[name] }

    /// The first value of the field `name`.
    public subscript(name: HTTPField.Name) -> String? { response[name] }

    /// Renamed.
    @available(*, unavailable, renamed: "subscript(_:)")
    public func header(_ name: String) -> String? { fatalError() }

    /// The content codings that `body` is still in: see ``HTTPClient/Response/contentCodings``.
    public var contentCodings: [String] { response.contentCodings }

    /// The fields that came after the content (RFC 9110 §6.5): nil before its end, and without trailers.
    public var trailers: HTTPFields? {
      switch content {
      case .stream(_, let late): late.fields
      case .whole: response.trailers
      }
    }

    /// How long the steps to its head took.
    public var timings: Timings { response.timings }

    /// The status and the URL.
    public var description: String { "\(status) \(url)" }

    // MARK: - For interceptors

    /// The same with another history of redirects.
    func with(history: [RedirectStep]) -> StreamedResponse { with(response.with(history: history)) }

    /// The same with another outcome of the cache.
    func with(cacheOutcome: HTTPCache.Outcome) -> StreamedResponse { with(response.with(cacheOutcome: cacheOutcome)) }

    private func with(_ response: Response) -> StreamedResponse {
      switch content {
      case .stream(let body, let late): StreamedResponse(response, body: body, trailers: late)
      case .whole: StreamedResponse(response)
      }
    }

    /// Whether the body is still to come.
    var isStreamed: Bool { if case .stream = content { true } else { false } }

    /// Reads the body to its end, and gives the response with it. On the reactor's thread, instead of `body`.
    ///
    /// - Parameter limit: how many bytes it may have; more is an ``HTTPError`` of code `.bodyTooLarge`.
    public func collect(atMost limit: Int = .max) -> Deferred<Response> {
      guard case .stream(let body, let late) = content else {
        if response.body.count > limit { return .fail(tooLarge(limit)) }
        return .succeed(response)
      }
      let pieces = Pieces()
      return body.drain { piece in
        guard piece.count <= limit - pieces.bytes.count else { throw tooLarge(limit) }
        if pieces.bytes.isEmpty { pieces.bytes = piece } else { pieces.bytes += piece }
        return nil
      }
      .addCallback { response.with(body: pieces.bytes, trailers: late.fields) }
    }

    private func tooLarge(_ limit: Int) -> HTTPError {
      HTTPError(.bodyTooLarge, "response of", url, "the content is larger than \(limit) bytes (RFC 9110 §15.5.14)")
    }

    /// Reads the body without keeping it, so that its connection is kept for the next request; one that is longer than
    /// `limit` is not read further, and its connection closed. On the reactor's thread, instead of `body`. Never fails,
    /// but by being cancelled.
    public func discard(atMost limit: Int = 64 * 1024) -> Deferred<Void> {
      guard case .stream(let body, _) = content else { return .succeed() }
      struct TooLong: Error {}
      var count = 0
      return body.drain { piece in
        count += piece.count
        if count > limit { throw TooLong() }
        return nil
      }
      .addErrback { error in if error is CancelledError { throw error } }
    }

    /// The same with each piece of the body changed by `change`, which is called on the reactor's thread; an empty one
    /// is left out. An error that it throws ends the request, and is what the reader of the body gets.
    public func mapBody(_ change: @escaping ([UInt8]) throws -> [UInt8]) -> StreamedResponse {
      relayed(response.withoutLength, change) { _ in }
    }

    /// The same, with a call when the body has come to its end or will not: with the number of its bytes, and the
    /// error.
    func observingEnd(_ ended: @escaping (_ size: Int, _ error: (any Error)?) -> Void) -> StreamedResponse {
      guard case .stream = content else {
        ended(response.body.count, nil)
        return self
      }
      var size = 0
      return relayed(
        response,
        { piece in
          size += piece.count
          return piece
        }
      ) { error in ended(size, error) }
    }

    /// The same, with a call when the body has come to its end or will not: with a copy of the content, or with nil if
    /// it was streamed and has more than `limit` bytes.
    func copying(
      atMost limit: Int, _ ended: @escaping (Result<[UInt8]?, any Error>) -> Void
    ) -> StreamedResponse {
      guard case .stream = content else {
        ended(.success(response.body))
        return self
      }
      var copy: [UInt8]? = []
      return relayed(
        response,
        { piece in
          if let count = copy?.count, piece.count <= limit - count { copy! += piece } else { copy = nil }
          return piece
        }
      ) { error in ended(error.map { .failure($0) } ?? .success(copy)) }
    }

    /// With a body that is read on the reactor's thread and handed on, no faster than its reader takes it.
    private func relayed(
      _ head: Response, _ change: @escaping ([UInt8]) throws -> [UInt8], _ ended: @escaping ((any Error)?) -> Void
    ) -> StreamedResponse {
      let late =
        switch content {
        case .stream(_, let late): late
        case .whole: LateTrailers(response.trailers)
        }
      let relay = BodyRelay(on: Reactor.current)
      relay.begin(body, change, ended)
      return StreamedResponse(head, body: ReactorStream(relay.buffer), trailers: late)
    }
  }
}

/// Bytes that are put together.
private final class Pieces {
  var bytes: [UInt8] = []
}

/// Reads one stream on the reactor's thread and fills another, under its back-pressure.
private final class BodyRelay {
  let buffer: StreamBuffer<[UInt8]>
  /// What the source waits for while the reader has enough.
  private var pause: Deferred<Void>?
  private var reading: Deferred<Void>?

  init(on reactor: Reactor) {
    buffer = StreamBuffer(on: reactor.remote, high: BodyWaterMarks.high, low: BodyWaterMarks.low, cost: { $0.count })
  }

  func begin(
    _ body: ReactorStream<[UInt8]>, _ change: @escaping ([UInt8]) throws -> [UInt8],
    _ ended: @escaping ((any Error)?) -> Void
  ) {
    buffer.setSource(
      StreamBuffer.Source(
        pause: { [self] in pause = Deferred() },
        resume: { [self] in pause.take()?.callback(()) },
        stop: { [self] in self.reading?.cancel() }))
    let reading = body.drain { [self] piece in
      let changed = try change(piece)
      if !changed.isEmpty { buffer.put(changed) }
      return pause
    }
    self.reading = reading
    reading.addBoth { [self] result in
      let error: (any Error)? = if case .failure(let error) = result { error } else { nil }
      pause = nil
      self.reading = nil
      // A reactor that is released calls nothing of the program; a task that reads resumes.
      if (error as? HTTPError)?.code != .clientClosed { ended(error) }
      buffer.finish(throwing: error)
    }
  }
}
