import COpenSSL
import SwirlPlatform

/// OpenSSL's per-thread error queue.
enum OpenSSLError {
  /// Empties the queue. Call it before each call on a connection, which would otherwise report an earlier error.
  static func clear() { ERR_clear_error() }

  /// Empties the queue, and returns its first error in words.
  static func take() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "OpenSSL does not say why" }
    guard let words = ERR_reason_error_string(code) else { return "OpenSSL error \(code)" }
    return String(cString: words)
  }

  /// Calls `body`, which may use another connection, and puts what is in the queue back: OpenSSL sends the alert for an
  /// error while that is in the queue.
  static func keeping<Result>(_ body: () -> Result) -> Result {
    let first = ERR_peek_error()
    if first == 0 { return body() }
    let last = ERR_peek_last_error()
    let result = body()
    let systemError = errno
    ERR_clear_error()
    swirl_put_error(first)
    if last != first { swirl_put_error(last) }
    errno = systemError
    return result
  }

  /// The last reason in the queue, without removing it: zero if the queue is empty or the reason is not of the TLS
  /// library.
  static var tlsReason: Int32 {
    let code = ERR_peek_last_error()
    return ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0
  }
}
