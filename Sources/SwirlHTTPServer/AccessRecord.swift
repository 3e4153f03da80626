public import SwirlNet
import SwirlHTTPCore

extension HTTPServer {
  /// What became of one request, for an access log.
  public struct AccessRecord: Sendable {
    /// The request; nil when what came was none, and an error was answered.
    public let request: Request?
    /// Where the client is.
    public let peerAddress: SocketAddress?
    /// The status that was answered; 499 when the client went away before there was an answer, as nginx logs it.
    public let status: Int
    /// How many bytes of content were sent: the kernel has taken them. Of a body in chunks that was cut off, at least so many.
    public let bodyBytes: Int
    /// From the end of the request, where its body is streamed from that of its head, to the end of the answer.
    public let duration: Duration
    /// Whether the answer was whole, and the kernel has taken all of it.
    public let isComplete: Bool

    /// The request line; `-` where there is none.
    public var requestLine: String { request?.requestLine ?? "-" }
  }
}

extension HTTPServer.AccessRecord: CustomStringConvertible {
  /// `127.0.0.1:4711 "GET / HTTP/1.1" 200 6 0.1 ms`
  public var description: String {
    let peer = peerAddress?.description ?? "-"
    let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
    let milliseconds = Double(microseconds / 100) / 10
    return "\(peer) \"\(requestLine)\" \(status) \(bodyBytes) \(milliseconds) ms\(isComplete ? "" : " incomplete")"
  }
}
