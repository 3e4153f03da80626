import HTTPTypes
import Logging
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlPlatform

/// Why an upstream has given no answer, for the log, and what the client gets.
struct UpstreamFailure {
  let reason: String
  /// Whether the client's content has failed: it has left, or its server answers it.
  let isOfClient: Bool
  let statusError: HTTPServer.StatusError

  init(_ error: any Error) {
    reason = "\(error)"
    let failure = error as? HTTPError
    isOfClient = failure?.code == .requestBody
    if isOfClient {
      statusError = .init(.badRequest, "the content ended early")
    } else if failure?.code == .timeout || failure?.network?.errno == ETIMEDOUT {
      statusError = .init(.gatewayTimeout, "the server behind this one has not answered in time: try again later")
    } else if failure?.code == .cannotConnect {
      statusError = .init(.badGateway, "the server behind this one can't be reached: try again later")
    } else {
      statusError = .init(.badGateway, "the server behind this one gave no valid answer")
    }
  }
}

extension ReverseProxy {
  func log(_ message: String, of request: HTTPServer.StreamedRequest) {
    let client = request.clientAddress?.description ?? "-"
    logger.error("\(client) \"\(request.requestLine)\": \(message)")
  }

  var responseNanoseconds: Int64 { min(configuration.responseTimeout.nanoseconds, 100 * 365 * 86400 * 1_000_000_000) }
}
