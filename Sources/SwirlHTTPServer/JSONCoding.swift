import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension HTTPServer {
  /// The encoder of `.json(_:for:)`. Set it up before the server runs:
  ///
  /// ```swift
  /// server.jsonEncoder.dateEncodingStrategy = .iso8601
  /// server.jsonDecoder.dateDecodingStrategy = .iso8601
  /// ```
  ///
  /// As it is made, a `Date` is its seconds since 2001. FastAPI: `json_encoders`; aiohttp: `dumps`.
  public var jsonEncoder: JSONEncoder {
    get { state.json.encoder }
    set { state.json.encoder = newValue }
  }

  /// The decoder of ``Request/json(as:decoder:)`` without a decoder of its own. See ``jsonEncoder``.
  public var jsonDecoder: JSONDecoder {
    get { state.json.decoder }
    set { state.json.decoder = newValue }
  }
}

/// The coders of a server, for its requests on any thread. They are made when they are used first.
final class JSONCoding: Sendable {
  private let encoders = Mutex<JSONEncoder?>(nil)
  private let decoders = Mutex<JSONDecoder?>(nil)

  var encoder: JSONEncoder {
    get { encoders.withLock { $0.orMade(JSONEncoder()) } }
    set { encoders.withLock { $0 = newValue } }
  }

  var decoder: JSONDecoder {
    get { decoders.withLock { $0.orMade(JSONDecoder()) } }
    set { decoders.withLock { $0 = newValue } }
  }
}

extension Optional {
  /// The value, which is made and kept on first use.
  fileprivate mutating func orMade(_ made: @autoclosure () -> Wrapped) -> Wrapped {
    if let self { return self }
    let value = made()
    self = value
    return value
  }
}
