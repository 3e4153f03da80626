#if Tracing
import HTTPTypes
import SwirlDeferred
public import Tracing

extension HTTPClient.Middleware {
  /// Makes a span for each request and propagates it to the server, with the package trait `Tracing`.
  ///
  /// The span has the kind `client`, and the method as its name. Its parent is that of the current task, or the
  /// request's own ``HTTPClient/Request/tracingContext``; the tracer puts `traceparent`, or what it uses, into
  /// the fields.
  /// Attributes are those of OpenTelemetry's semantic conventions: `http.request.method`, `url.full` without
  /// credentials, `server.address`, `server.port`, `http.response.status_code`, `error.type`. A status of 400 and more,
  /// and a failure, is an error.
  ///
  /// Redirects are followed behind it, so their steps are one span. Behind `retry` in the list, each attempt has its
  /// own span.
  ///
  /// - Parameter tracer: nil is the program's tracer at the time of each request.
  public static func tracing(_ tracer: (any Tracer)? = nil) -> Self {
    Self("tracing", .tracing) { request, next in
      let seen = Observation(request)
      let tracer = tracer ?? InstrumentationSystem.tracer
      let context = request.tracingContext ?? ServiceContext.current ?? .topLevel
      let span = tracer.startAnySpan(seen.method == "_OTHER" ? "HTTP" : seen.method, context: context, ofKind: .client)
      span.updateAttributes { attributes in
        attributes["http.request.method"] = seen.method
        if seen.method == "_OTHER" { attributes["http.request.method_original"] = request.method.rawValue }
        attributes["url.full"] = seen.url
        if let address = seen.address { attributes["server.address"] = address }
        if let port = seen.port { attributes["server.port"] = port }
      }
      var traced = request
      tracer.inject(span.context, into: &traced.headers, using: FieldInjector())
      return Observation.observe(next(traced)) { outcome in
        if let status = outcome.status { span.attributes["http.response.status_code"] = status }
        if let type = outcome.errorType {
          span.attributes["error.type"] = type
          span.setStatus(SpanStatus(code: .error))
        }
        span.end()
      }
    }
  }
}

/// Writes a tracer's context into fields. Omits a name or value that a field cannot have, rather than failing the
/// request.
private struct FieldInjector: Injector {
  func inject(_ value: String, forKey key: String, into fields: inout HTTPFields) {
    guard let name = HTTPField.Name(key), HTTPField.isValidValue(value) else { return }
    fields[name] = value
  }
}
#endif
import SwirlHTTPCore
