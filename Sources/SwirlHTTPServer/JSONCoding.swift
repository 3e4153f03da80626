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
  private let coders = Mutex<(encoder: JSONEncoder?, decoder: JSONDecoder?)>((nil, nil))

  var encoder: JSONEncoder {
    get {
      coders.withLock { coders in
        let encoder = coders.encoder ?? JSONEncoder()
        coders.encoder = encoder
        return encoder
      }
    }
    set { coders.withLock { $0.encoder = newValue } }
  }

  var decoder: JSONDecoder {
    get {
      coders.withLock { coders in
        let decoder = coders.decoder ?? JSONDecoder()
        coders.decoder = decoder
        return decoder
      }
    }
    set { coders.withLock { $0.decoder = newValue } }
  }
}
