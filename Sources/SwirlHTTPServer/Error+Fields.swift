import HTTPTypes
import SwirlDeferred

extension Error {
  /// The same error, whose response has these fields, too.
  func with(_ fields: HTTPFields) -> any Error {
    if let error = self as? HTTPServer.StatusError { return error.with(fields) }
    if let error = self as? ErrorWithFields {
      var all = error.fields
      all.merge(fields)
      return ErrorWithFields(error: error.error, fields: all)
    }
    return self is CancelledError ? self : ErrorWithFields(error: self, fields: fields)
  }
}
