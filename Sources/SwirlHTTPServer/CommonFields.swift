import HTTPTypes
import SwirlHTTPCore
import SwirlReactor

/// The fields of nearly every response, encoded once per second: Date, Server and Content-Type.
final class CommonFields {
  private let serverName: String?
  // Exempt from the check for overlapping accesses, as `encoded` is: read and written whole, on one thread.
  @exclusivity(unchecked) private var second = 0
  /// One for each `ContentType`.
  @exclusivity(unchecked) private(set) var encoded: [EncodedFields] = []
  /// The date of the encoded fields.
  private(set) var date = ""

  init(serverName: String?) {
    self.serverName = serverName
  }

  /// Call it before writing a response, so that its Date is right.
  @inline(__always)
  func refresh(at now: Int) {
    if now != second { encode(now) }
  }

  private func encode(_ now: Int) {
    second = now
    date = HTTPDate.format(now)
    encoded = ContentType.allCases.map { type in
      // Every value here can be sent, except perhaps the program's server name: if not, omit that.
      (try? EncodedFields(fields(for: type, serverName))) ?? (try? EncodedFields(fields(for: type, nil)))
        ?? EncodedFields()
    }
  }

  private func fields(for type: ContentType, _ serverName: String?) -> HTTPFields {
    var fields = HTTPFields()
    fields[.date] = date
    if let serverName { fields[.server] = serverName }
    if let value = type.value { fields[.contentType] = value }
    return fields
  }

  /// Appends the head of a response.
  func appendHead(
    of response: HTTPServer.Response, by plan: ResponsePlan, _ serializer: ResponseSerializer, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    let status = response.status
    guard var fields = response.fields else {
      return try serializer.appendHead(
        statusCode: status.code, reason: status.reason, encoded: encoded[response.contentType.rawValue],
        framing: plan.framing, to: &output)
    }
    if status.code >= 200, let value = fields[.connection] { fields[.connection] = ConnectionField(value).others }
    var common: EncodedFields?
    if fields.contains(.date) || fields.contains(.server) || fields.contains(.contentType) {
      complete(&fields, response.contentType)
    } else {
      common = encoded[response.contentType.rawValue]
    }
    try serializer.appendHead(
      statusCode: status.code, reason: status.reason, fields: fields, encoded: common, framing: plan.framing,
      to: &output)
  }

  /// Adds the fields missing in `fields`: for a response with its own Date or Server.
  func complete(_ fields: inout HTTPFields, _ type: ContentType) {
    if !fields.contains(.date) { fields[.date] = date }
    if !fields.contains(.server), let serverName { fields[.server] = serverName }
    if !fields.contains(.contentType), let value = type.value { fields[.contentType] = value }
  }
}
