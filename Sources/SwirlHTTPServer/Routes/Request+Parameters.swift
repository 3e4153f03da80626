import SwirlHTTPCore

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension HTTPServer.Request {
  /// The path of its route as it was added, such as `/users/{id}`, for logs and metrics; nil without a ``Router``, and
  /// where it has not found one.
  public var route: String? { context?.pattern?.text }

  /// The value of a parameter of its route, percent-decoded after the path was split at its slashes. Tornado:
  /// `path_args`; aiohttp: `match_info`.
  ///
  /// ```swift
  /// router.get("/users/{id}") { request in .text(try request.parameter("id")) }
  /// ```
  ///
  /// The rest of a path, `{path*}`, keeps its slashes; an encoded slash in it looks the same, except in
  /// ``pathComponents``.
  ///
  /// - Throws: ``HTTPServer/StatusError`` with 400 if the value is not UTF-8; another error, which is a 500, if the
  ///   route has no such parameter.
  public func parameter(_ name: String) throws -> String {
    let path = head.bytes.span.extracting(head.pathRange)
    guard let pattern = context?.pattern, let range = pattern.range(of: name, in: path) else {
      throw MissingParameterError(name: name, route: route)
    }
    guard let value = String(validating: path.extracting(range).percentDecoded, as: UTF8.self) else {
      throw HTTPServer.StatusError(.badRequest, "the path is not UTF-8")
    }
    return value
  }

  /// The value of a parameter of its route as another type, such as `Int`.
  ///
  /// ```swift
  /// router.get("/users/{id}") { request in try user(request.parameter("id", as: Int.self)) }
  /// ```
  ///
  /// - Throws: ``HTTPServer/StatusError`` with 404 if the text is not of that type: there is no such resource, as with
  ///   a pattern of Tornado or aiohttp that does not match. Otherwise see ``parameter(_:)``.
  public func parameter<Value: LosslessStringConvertible>(
    _ name: String, as type: Value.Type = Value.self
  ) throws -> Value {
    try parameter(name) { Value($0) }
  }

  /// The value of a parameter of its route as a case of an enumeration. See above.
  public func parameter<Value: RawRepresentable<String>>(
    _ name: String, as type: Value.Type = Value.self
  ) throws -> Value {
    try parameter(name) { Value(rawValue: $0) }
  }

  /// The value of a parameter of its route as a UUID. See above.
  public func parameter(_ name: String, as type: UUID.Type = UUID.self) throws -> UUID {
    try parameter(name) { UUID(uuidString: $0) }
  }

  /// The value of a parameter of its route, converted by `convert`; 404 if that gives nil. See above.
  ///
  /// ```swift
  /// let day = try request.parameter("day") { try? Date($0, strategy: .iso8601) }
  /// ```
  public func parameter<Value>(_ name: String, _ convert: (String) throws -> Value?) throws -> Value {
    guard let value = try convert(parameter(name)) else { throw HTTPServer.StatusError(.notFound) }
    return value
  }
}

extension HTTPServer.StreamedRequest {
  /// The path of its route as it was added, such as `/users/{id}`; nil without a ``Router``.
  public var route: String? { request.route }

  /// The value of a parameter of its route: see ``HTTPServer/Request/parameter(_:)``.
  public func parameter(_ name: String) throws -> String { try request.parameter(name) }

  /// The value of a parameter of its route as another type. See above.
  public func parameter<Value: LosslessStringConvertible>(
    _ name: String, as type: Value.Type = Value.self
  ) throws -> Value {
    try request.parameter(name, as: type)
  }

  /// The value of a parameter of its route as a case of an enumeration. See above.
  public func parameter<Value: RawRepresentable<String>>(
    _ name: String, as type: Value.Type = Value.self
  ) throws -> Value {
    try request.parameter(name, as: type)
  }

  /// The value of a parameter of its route as a UUID. See above.
  public func parameter(_ name: String, as type: UUID.Type = UUID.self) throws -> UUID {
    try request.parameter(name, as: type)
  }

  /// The value of a parameter of its route, converted by `convert`; 404 if that gives nil. See above.
  public func parameter<Value>(_ name: String, _ convert: (String) throws -> Value?) throws -> Value {
    try request.parameter(name, convert)
  }
}

/// A mistake of the program, which the client sees as a 500.
struct MissingParameterError: Error, CustomStringConvertible {
  let name: String
  let route: String?

  var description: String {
    guard let route else { return "the request has no parameter {\(name)}: no router has found a route for it" }
    return "the route \(route) has no parameter {\(name)}"
  }
}
