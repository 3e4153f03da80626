public import HTTPTypes
public import SwirlHTTPCore
public import SwirlNet

/// A request failed: the request, the reason, and what to do.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure, for programs to compare; later versions may add kinds.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The code's name, as in the source.
    public let description: String

    /// The URL is malformed.
    public static let invalidURL = Code(description: "invalidURL")
    /// The URL has an unsupported scheme.
    public static let unsupportedScheme = Code(description: "unsupportedScheme")
    /// The request cannot be expressed in HTTP, for example a line break in a field.
    public static let invalidRequest = Code(description: "invalidRequest")
    /// No connection could be made; `network` has the reason.
    public static let cannotConnect = Code(description: "cannotConnect")
    /// The connection broke; `network` has the reason.
    public static let connectionLost = Code(description: "connectionLost")
    /// The peer closed the connection before the response was complete.
    public static let closedEarly = Code(description: "closedEarly")
    /// The response is not valid HTTP; `wire` has the reason.
    public static let invalidResponse = Code(description: "invalidResponse")
    /// The response has more content than the limit allows.
    public static let bodyTooLarge = Code(description: "bodyTooLarge")
    /// The request exceeded its time limit.
    public static let timeout = Code(description: "timeout")
    /// A redirect must not be followed, or there were too many.
    public static let redirect = Code(description: "redirect")
    /// The source of the request's content failed, or its length differs from the announced one.
    public static let requestBody = Code(description: "requestBody")
    /// The status is not a success, which this operation requires.
    public static let status = Code(description: "status")
    /// The client was closed.
    public static let clientClosed = Code(description: "clientClosed")
  }

  /// The party at fault: where to look first.
  public enum Fault: Sendable, Hashable {
    /// The program that made the request.
    case caller
    /// The server that answered.
    case peer
    /// The network, or a timeout.
    case network
  }

  /// The kind of failure.
  public let code: Code
  /// The method of the request.
  public let method: String
  /// The URL of the request, as the program gave it; ``description`` has it without credentials and tokens.
  public let url: String
  /// The reason and what to do, in words.
  public let reason: String
  /// The network error.
  public let network: NetError?
  /// The violation of HTTP.
  public let wire: HTTPWireError?
  /// The status of the response, if that is the error.
  public let status: HTTPResponse.Status?

  init(
    _ code: Code, _ method: String, _ url: String, _ reason: String, network: NetError? = nil,
    wire: HTTPWireError? = nil, status: HTTPResponse.Status? = nil
  ) {
    self.code = code
    self.method = method
    self.url = url
    // It may contain text from the peer.
    self.reason = reason.escapingControls()
    self.network = network
    self.wire = wire
    self.status = status
  }

  /// An error as the client makes it: for an interceptor, and for tests.
  ///
  /// - Parameters:
  ///   - code: the kind of failure.
  ///   - reason: what went wrong and what to do, in words.
  ///   - url: the URL of the request.
  ///   - method: the method of the request.
  ///   - network: what the network said.
  public init(
    _ code: Code, _ reason: String, url: String, method: HTTPRequest.Method = .get, network: NetError? = nil
  ) {
    self.init(code, method.rawValue, url, reason, network: network)
  }

  /// The party at fault.
  public var fault: Fault {
    switch code {
    case .invalidURL, .unsupportedScheme, .invalidRequest, .requestBody, .clientClosed: .caller
    case .invalidResponse, .closedEarly, .bodyTooLarge, .redirect, .status: .peer
    default: .network
    }
  }

  /// `GET http://127.0.0.1:8080/: connect to 127.0.0.1:8080: connection refused: nothing listens there`
  public var description: String { "\(method) \(url.redactedURL): \(reason)" }
}
