#if Tracing
import HTTPTypes
import SwirlDeferred
public import Tracing

extension HTTPClient {
  /// Makes a span of each request and tells the server of it: for `intercept`, with the package trait `Tracing`.
  ///
  /// The span is of kind `client`, called after the method, beneath that of the task which has asked, or the request's own
  /// ``Request/tracingContext``; the tracer puts `traceparent`, or what it uses, into the fields. Attributes are those of
  /// OpenTelemetry's semantic conventions: `http.request.method`, `url.full` without credentials, `server.address`, `server.port`,
  /// `http.response.status_code`, `error.type`. A status of 400 and more, and a failure, is an error.
  ///
  /// Redirects are followed beneath it: their steps are one span. Put behind `retry`, each try has its own.
  ///
  /// - Parameter tracer: that of the program when nil, as it is when a request is sent.
  public static func tracing(_ tracer: (any Tracer)? = nil) -> Interceptor {
    { request, next in
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

/// Puts what a tracer says into fields. A name or value that no field can have is left out: it is no reason not to ask.
private struct FieldInjector: Injector {
  func inject(_ value: String, forKey key: String, into fields: inout HTTPFields) {
    guard let name = HTTPField.Name(key), HTTPField.isValidValue(value) else { return }
    fields[name] = value
  }
}
#endif
import SwirlHTTPCore
