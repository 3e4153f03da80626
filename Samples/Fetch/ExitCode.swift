import Foundation
import Swirl
import SwirlHTTPCore
import Terminal

/// A status that -f treats as an error, or --retry as a reason to try again.
struct StatusError: Error, CustomStringConvertible {
  /// The statuses that may pass.
  static let transient: Set<Int> = [408, 429, 500, 502, 503, 504]
  let code: Int
  /// The status and the URL as it may be shown.
  let response: String
  var description: String { "the server answered \(response)" }

  init(_ response: HTTPClient.StreamedResponse) {
    code = response.status.code
    self.response = "\(response)"
  }
}

/// The content failed after the head had arrived.
struct ContentFailure: Error, CustomStringConvertible {
  let error: HTTPError
  var description: String { error.description }
}

/// A malformed value of --resolve.
struct ResolveError: Error, CustomStringConvertible {
  let text: String
  var description: String { "--resolve takes HOST:PORT:ADDRESS, not \(text)" }
}

/// The file of -E or --key cannot be read.
struct CertificateError: Error, CustomStringConvertible {
  let path: String
  var description: String { "\(path): no certificate or key of your own can be read there" }
}

/// curl's exit code, if curl has one for the error.
func exitCode(of error: any Error) -> Int32 {
  switch error {
  case is UsageError: 2
  case is OutputError, is OutputNameError, is BinaryOutputError: 23
  case is InputError: 26
  case is PatternError: 3
  case is ResolveError: 49
  case is CertificateError: 58
  case is ProxyError: 5
  case is StatusError: 22
  case is FileError: 23
  case is TimeoutError: 28
  case let failure as ContentFailure: exitCode(ofContent: failure.error)
  case let error as HTTPError: exitCode(of: error)
  default: 1
  }
}

private func exitCode(of error: HTTPError) -> Int32 {
  switch error.code {
  case .invalidURL: 3
  case .unsupportedScheme: 1
  case .cannotConnect: exitCode(ofConnecting: error)
  case .timeout: 28
  case .closedEarly: 52
  case .connectionLost: 56
  case .invalidResponse: error.wire?.code == .notHTTP || error.wire?.code == .badStartLine ? 1 : 8
  case .bodyTooLarge: 63
  case .redirect: 47
  case .status: 22
  case .requestBody: 26
  default: 1
  }
}

private func exitCode(ofContent error: HTTPError) -> Int32 {
  switch error.code {
  case .closedEarly: 18
  // Without a wire error the framing is valid, so its content coding is broken.
  case .invalidResponse: error.wire == nil ? 61 : 56
  default: exitCode(of: error)
  }
}

private func exitCode(ofConnecting error: HTTPError) -> Int32 {
  switch error.network?.code {
  case .resolve: error.isAboutProxy ? 5 : 6
  case .proxy: 97
  case .handshake: error.network?.certificate == nil ? 35 : 60
  case .configureTLS: 77
  default: 7
  }
}

extension HTTPError {
  /// Whether the name that could not be resolved is not that of the URL.
  fileprivate var isAboutProxy: Bool {
    guard let host = URL(string: url)?.host(), let peer = network?.peer else { return false }
    return !peer.lowercased().contains(host.lowercased())
  }
}
