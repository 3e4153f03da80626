/// The properties of a program's response that determine framing and persistence.
package struct ResponseFacts: Sendable {
  package enum Kind: Sendable {
    /// Its content is complete.
    case whole
    /// Its content is streamed.
    case streamed
    /// It hands the connection to another protocol.
    case upgrade
  }

  package var status: Int
  package var kind: Kind
  /// The length of its content, if known.
  package var length: Int?
  /// Whether its Connection field says `close`.
  package var closes = false
  /// The value of its own Content-Length field.
  package var statedLength: Int?

  package init(status: Int, kind: Kind, length: Int?) {
    self.status = status
    self.kind = kind
    self.length = length
  }
}

/// How to send a response (RFC 9112 §6.3).
package struct ResponsePlan: Sendable, Equatable {
  package internal(set) var framing: BodyFraming
  /// Whether another request may follow.
  package internal(set) var isPersistent: Bool
  /// Whether content follows the head.
  package internal(set) var sendsContent: Bool
}

extension ResponsePlan {
  init(_ response: ResponseFacts, to kind: RequestKind, version: HTTPVersion) {
    let status = response.status
    let isUnframed = status == 204 || status == 304
    isPersistent = false
    // 205 has no content either, and says so by its length (RFC 9110 §15.3.6).
    sendsContent = !isUnframed && status != 205 && kind != .head
    // A response to HEAD, and a 304, may state the length of the content that they omit.
    if let length = response.statedLength, kind == .head || status == 304 {
      framing = .contentLength(length)
    } else if isUnframed {
      framing = .none
    } else if status == 205 {
      framing = .contentLength(0)
    } else if let length = response.length {
      framing = .contentLength(length)
    } else if kind == .head {
      framing = .none
    } else {
      framing = version < .http11 ? .untilClose : .chunked
    }
  }
}

extension ResponsePlan {
  /// For a request on a stream of HTTP/2, whose frames take the place of chunks (RFC 9113 §8.1).
  /// - Parameters:
  ///   - asksForTunnel: whether the method of the request is CONNECT, perhaps an extended one (RFC 8441).
  ///   - isTunnel: whether both directions of the stream are a tunnel from here.
  package init(
    http2 response: ResponseFacts, to request: AnsweredRequest, asksForTunnel: Bool, isTunnel: Bool
  ) throws(UnsendableResponse) {
    if isTunnel {
      self.init(framing: .none, isPersistent: true, sendsContent: true)
      return
    }
    if asksForTunnel, response.status < 300 { throw .noTunnel }
    if response.status < 200 { throw .informational }
    self.init(response, to: request.kind, version: request.version)
    isPersistent = true
  }
}

/// A response that its request cannot have.
package enum UnsendableResponse: Error, CustomStringConvertible {
  case informational
  case noTunnel
  case upgradeNotOffered
  case contentIsComing

  package var description: String {
    switch self {
    case .informational: "a 1xx is no answer: the status of a response is 200 or more"
    case .noTunnel: "success in answer to CONNECT says that there is a tunnel"
    case .upgradeNotOffered: "it gives the connection to another protocol, which the client has not asked for"
    case .contentIsComing: "it gives the connection to another protocol before the content of the request is whole"
    }
  }
}
