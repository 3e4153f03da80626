public import HTTPTypes
import SwirlReactor

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension HTTPServer.Request {
  /// The content decoded from JSON.
  ///
  /// - Throws: ``HTTPServer/StatusError`` with a text that says where the error is, such as `JSON: no "name" at
  ///   items[2]`: a handler that rethrows it answers with that. The status is 400 if the content is not JSON, 422 if it
  ///   is not this type (RFC 9110 §15.5.21).
  public func json<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(body))
    } catch let error as DecodingError {
      throw HTTPServer.StatusError(error.isOfSyntax ? .badRequest : .unprocessableContent, error.whereItIsWrong)
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

extension HTTPServer.StreamedRequest {
  /// The whole body as it arrives, decoded from JSON. See ``HTTPServer/Request/json(as:)``.
  public func json<Value: Decodable>(as type: Value.Type = Value.self) async throws -> Value {
    var content: [UInt8] = []
    for try await bytes in body { content += bytes }
    return try HTTPServer.Request(head, body: content, connection: request.connection).json()
  }
}

extension DecodingError {
  /// Whether the text is no JSON at all.
  fileprivate var isOfSyntax: Bool {
    guard case .dataCorrupted(let context) = self else { return false }
    return context.codingPath.isEmpty
  }

  fileprivate var whereItIsWrong: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "JSON: \(context.debugDescription)\(Self.place(context.codingPath))"
    case .keyNotFound(let key, let context): "JSON: no \"\(key.stringValue)\"\(Self.place(context.codingPath))"
    @unknown default: "the content is not the JSON that is expected"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    var place = ""
    for key in path {
      if let index = key.intValue {
        place += "[\(index)]"
      } else {
        place += (place.isEmpty ? "" : ".") + key.stringValue
      }
    }
    return place.isEmpty ? "" : " at " + place
  }
}
