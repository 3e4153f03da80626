public import HTTPTypes
public import SwirlHTTPCore
public import SwirlNet

/// Why a request failed: what was asked of whom, what went wrong, and what to do.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure, to tell apart in a program; new kinds may be added.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The code's name, as in the source.
    public let description: String

    /// The URL cannot be read.
    public static let invalidURL = Code(description: "invalidURL")
    /// The URL has a scheme other than those that are supported.
    public static let unsupportedScheme = Code(description: "unsupportedScheme")
    /// The request has something that HTTP cannot carry, such as a line break in a field.
    public static let invalidRequest = Code(description: "invalidRequest")
    /// No connection could be made; `network` says why.
    public static let cannotConnect = Code(description: "cannotConnect")
    /// The connection broke; `network` says why.
    public static let connectionLost = Code(description: "connectionLost")
    /// The other end closed the connection before the response was complete.
    public static let closedEarly = Code(description: "closedEarly")
    /// What came is not HTTP, or breaks its rules; `wire` says where.
    public static let invalidResponse = Code(description: "invalidResponse")
    /// The response has more content than the limit allows.
    public static let bodyTooLarge = Code(description: "bodyTooLarge")
    /// The whole did not end within its time.
    public static let timeout = Code(description: "timeout")
    /// A redirect leads nowhere that it may be followed to, or to too many others.
    public static let redirect = Code(description: "redirect")
    /// The content of the request did not come, or was not as long as was said.
    public static let requestBody = Code(description: "requestBody")
    /// The server answered with a status that is no success, where only that is of use.
    public static let status = Code(description: "status")
    /// The client was closed.
    public static let clientClosed = Code(description: "clientClosed")
  }

  /// Whose doing it was: where to look first.
  public enum Fault: Sendable, Hashable {
    /// The program that made the request.
    case caller
    /// The server that answered.
    case peer
    /// What lies between, or the time it took.
    case network
  }

  /// The kind of failure.
  public let code: Code
  /// The method of the request.
  public let method: String
  /// The URL of the request, as it was given; ``description`` has it without credentials and tokens.
  public let url: String
  /// What went wrong and what to do, in words.
  public let reason: String
  /// What the network said.
  public let network: NetError?
  /// What the rules of HTTP say.
  public let wire: HTTPWireError?
  /// The status that the server answered with, where that is what is wrong.
  public let status: Int?

  init(
    _ code: Code, _ method: String, _ url: String, _ reason: String, network: NetError? = nil,
    wire: HTTPWireError? = nil, status: Int? = nil
  ) {
    self.code = code
    self.method = method
    self.url = url
    // Words of the peer are among it.
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

  /// Whose doing it was.
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
