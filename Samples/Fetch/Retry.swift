import Foundation
import Swirl
import Terminal

/// What --retry tries again.
struct Retry {
  private let options: Options
  private let upload: String?

  @MainActor init(_ transfer: Transfer) { (options, upload) = (transfer.options, transfer.upload) }

  /// Why another attempt may succeed, in words; nil if it cannot.
  func reason(for error: any Error) -> String? {
    // Standard input can be sent once.
    if error.isCancellation || upload == "-" { return nil }
    switch error {
    case is UsageError, is OutputError, is InputError: return nil
    case is TimeoutError: return "the time is over"
    case let error as StatusError where StatusError.transient.contains(error.code): return "\(error)"
    default: break
    }
    let failure = error as? HTTPError ?? (error as? ContentFailure)?.error
    if failure?.code == .timeout { return "the time is over" }
    if let code = failure?.status?.code, StatusError.transient.contains(code) { return "the server answered \(code)" }
    let isRefused = failure?.network?.errno == ECONNREFUSED
    return options.retriesAll || options.retriesRefused && isRefused ? "\(error)" : nil
  }

  /// The pause in Retry-After, in seconds (RFC 9110 §10.2.3).
  static func asked(by response: HTTPClient.StreamedResponse?) -> Double? {
    response?["retry-after"].flatMap(Double.init).map { min(max($0, 0), 3600) }
  }
}
