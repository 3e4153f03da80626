public import HTTPTypes

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension HTTPServer.Request {
  /// The content decoded from JSON.
  ///
  /// - Throws: ``HTTPServer/StatusError`` with 400 and a text that locates the error: a handler that rethrows it
  ///   answers with that.
  public func json<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(body))
    } catch let error as DecodingError {
      throw HTTPServer.StatusError(.badRequest, error.whereItIsWrong)
    }
  }
}

extension HTTPServer.Response {
  /// A value encoded as JSON.
  /// - Throws: the encoder's error for a value that JSON can't represent.
  public static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> HTTPServer.Response {
    let data = try JSONEncoder().encode(value)
    return HTTPServer.Response(status, .bytes(Array(data)), .json)
  }

  /// A value encoded as JSON, with these fields.
  /// - Throws: the encoder's error for a value that JSON can't represent.
  public static func json(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields
  ) throws -> HTTPServer.Response {
    try json(value, status: status).with(headers)
  }
}

extension DecodingError {
  fileprivate var whereItIsWrong: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "JSON: \(context.debugDescription)\(Self.place(context.codingPath))"
    case .keyNotFound(let key, let context): "JSON: no \"\(key.stringValue)\"\(Self.place(context.codingPath))"
    @unknown default: "the content is not the JSON that is expected"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "" : " at " + path.map(\.stringValue).joined(separator: ".")
  }
}
