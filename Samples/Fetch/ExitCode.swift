import Foundation
import Swirl

/// A status that -f treats as an error.
struct StatusError: Error, CustomStringConvertible {
  /// The status and the URL as it may be shown.
  let response: String
  var description: String { "the server answered \(response)" }
}

/// The content failed after the head had arrived.
struct ContentFailure: Error, CustomStringConvertible {
  let error: HTTPError
  var description: String { error.description }
}

/// An invalid option.
struct UsageError: Error, CustomStringConvertible {
  let words: String
  var description: String { words }
}

/// Writing to standard output failed.
struct OutputError: Error, CustomStringConvertible {
  let errno: Int32
  /// Whether the reader has closed the pipe, as `head` does. That is not reported.
  var isBrokenPipe: Bool { errno == EPIPE }
  var description: String { "write to standard output: \(String(cString: strerror(errno)))" }
}

/// curl's exit code, if curl has one for the error.
func exitCode(of error: any Error) -> Int32 {
  switch error {
  case is UsageError: 2
  case is OutputError: 23
  case is ProxyError: 5
  case is StatusError: 22
  case let error as FileError: error.action == "write" ? 23 : 26
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
  case .invalidResponse: 8
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
  case .invalidResponse where error.wire == nil: 61
  default: exitCode(of: error)
  }
}

private func exitCode(ofConnecting error: HTTPError) -> Int32 {
  switch error.network?.code {
  case .resolve: 6
  case .proxy: 97
  case .handshake: error.network?.certificate == nil ? 35 : 60
  case .configureTLS: 77
  default: 7
  }
}
