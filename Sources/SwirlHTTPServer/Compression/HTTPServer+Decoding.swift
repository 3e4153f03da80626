import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor

extension HTTPServer {
  /// What `handler` answers to the request with its body decoded, as the client gets it.
  func coded(
    _ request: Request, on reactor: Reactor, _ handler: (Request) throws -> Response
  ) throws -> Response {
    compressed(try handler(try decoded(request)), for: request, on: reactor)
  }

  /// What `handler` answers to the request, whose body it gets as it was before the client compressed it.
  func call(_ handler: Handler, with request: Request, on reactor: Reactor) throws -> Deferred<Response> {
    if codesContent { return try handler.call(decoded(request), on: reactor) }
    return try handler.call(request, on: reactor)
  }

  /// The request with its body as it was before the client compressed it.
  /// - Throws: a ``StatusError``: 413 beyond the limit, 415 for a coding that is not known, 400 for what is not valid.
  func decoded(_ request: Request) throws -> Request {
    guard let limit = configuration.decodedBodyBytes, !request.body.isEmpty,
      let coding = request.head.list("content-encoding")
    else { return request }
    do throws(ContentError) {
      let limits = ContentLimits(maximumSize: limit)
      guard let decoder = try ContentDecoder(contentEncoding: coding, limits: limits) else { return request }
      var body: [UInt8] = []
      try decoder.decode(request.body.span, into: &body)
      try decoder.finish()
      var plain = Request(request.head, body: body, trailers: request.trailers, connection: request.connection)
      plain.context = request.context
      return plain
    } catch {
      throw StatusError(HTTPResponse.Status(code: error.status), error.message)
    }
  }
}
