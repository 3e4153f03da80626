public import HTTPTypes
import SwirlReactor

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension HTTPServer.Request {
  /// The content decoded from JSON.
  ///
  /// - Parameters:
  ///   - type: the type of the value.
  ///   - decoder: for dates and keys of another form; nil takes the server's: ``HTTPServer/jsonDecoder``.
  /// - Throws: ``HTTPServer/StatusError`` with a text that says where the error is, such as `JSON: no "name" at
  ///   items[2]`: a handler that rethrows it answers with that. The status is 400 if the content is not JSON, 422 if it
  ///   is not this type (RFC 9110 §15.5.21).
  public func json<Value: Decodable>(as type: Value.Type = Value.self, decoder: JSONDecoder? = nil) throws -> Value {
    do {
      let decoder = decoder ?? connection.server?.json.decoder ?? JSONDecoder()
      return try decoder.decode(type, from: Data(body))
    } catch let error as DecodingError {
      // An error of syntax has no place, and a number that does not fit lacks it, too.
      let isJSON = (try? JSONDecoder().decode(AnyJSON.self, from: Data(body))) != nil
      throw HTTPServer.StatusError(isJSON ? .unprocessableContent : .badRequest, error.whereItIsWrong)
    }
  }
}

extension HTTPServer.Response {
  /// A value encoded as JSON. A `Date` is its seconds since 2001: see the forms with an encoder, and with a request.
  /// - Throws: the encoder's error for a value that JSON can't represent.
  public static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> HTTPServer.Response {
    try json(value, encoder: JSONEncoder(), status: status)
  }

  /// A value encoded as JSON by this encoder.
  /// - Throws: the encoder's error for a value that JSON can't represent.
  public static func json(
    _ value: some Encodable, encoder: JSONEncoder, status: HTTPResponse.Status = .ok
  ) throws -> HTTPServer.Response {
    HTTPServer.Response(status, .bytes(Array(try encoder.encode(value))), .json)
  }

  /// A value encoded as JSON by the encoder of the server that the request has come to: ``HTTPServer/jsonEncoder``.
  ///
  /// ```swift
  /// server.jsonEncoder.dateEncodingStrategy = .iso8601
  /// router.get("/notes/{id}") { request in try .json(note(request.parameter("id")), for: request) }
  /// ```
  ///
  /// - Throws: the encoder's error for a value that JSON can't represent.
  public static func json(
    _ value: some Encodable, for request: HTTPServer.Request, status: HTTPResponse.Status = .ok
  ) throws -> HTTPServer.Response {
    try json(value, encoder: request.connection.server?.json.encoder ?? JSONEncoder(), status: status)
  }

  /// A value encoded as JSON by the encoder of the server that the request has come to. See above.
  public static func json(
    _ value: some Encodable, for request: HTTPServer.StreamedRequest, status: HTTPResponse.Status = .ok
  ) throws -> HTTPServer.Response {
    try json(value, for: request.request, status: status)
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
  /// The whole body as it arrives, decoded from JSON. See ``HTTPServer/Request/json(as:decoder:)``.
  public func json<Value: Decodable>(
    as type: Value.Type = Value.self, decoder: JSONDecoder? = nil
  ) async throws -> Value {
    var content: [UInt8] = []
    for try await bytes in body { content += bytes }
    return try HTTPServer.Request(head, body: content, connection: request.connection).json(decoder: decoder)
  }
}

/// Whatever is JSON.
private struct AnyJSON: Decodable {
  init(from decoder: any Decoder) {}
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
