public import HTTPTypes
public import SwirlNet
import SwirlHTTPCore

extension HTTPServer {
  /// The outcome of one request, for an access log.
  public struct AccessRecord: Sendable {
    /// The request; nil if the input was not a request and got an error response.
    public let request: Request?
    /// The address of the connection's other end.
    public let peerAddress: SocketAddress?
    /// The status of the response; 499, as in nginx, if the client disconnected before the response.
    public let status: HTTPResponse.Status
    /// The number of content bytes that the kernel has taken. A lower bound for a chunked body that was broken off.
    public let bodyBytes: Int
    /// From the end of the request (of its head, if the body is streamed) to the end of the response.
    public let duration: Duration
    /// Whether the response is complete and the kernel has taken all of it.
    public let isComplete: Bool
    /// The time of day of the request, as what has passed since 1970-01-01T00:00:00Z: when `duration` began.
    public let time: Duration

    /// The client's address: behind trusted proxies the one that they report, as ``Request/clientAddress``.
    public var clientAddress: SocketAddress? { request == nil ? peerAddress : request?.clientAddress }

    /// The request line; `-` without a request.
    public var requestLine: String { request?.requestLine ?? "-" }
  }
}

extension HTTPServer.AccessRecord: CustomStringConvertible {
  /// `127.0.0.1:4711 "GET / HTTP/1.1" 200 6 0.1 ms`
  public var description: String {
    let peer = peerAddress?.description ?? "-"
    let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
    let milliseconds = Double(microseconds / 100) / 10
    return "\(peer) \"\(requestLine)\" \(status.code) \(bodyBytes) \(milliseconds) ms\(isComplete ? "" : " incomplete")"
  }
}
