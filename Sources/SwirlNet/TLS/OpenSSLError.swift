import COpenSSL

/// The queue of errors that OpenSSL keeps for each thread.
enum OpenSSLError {
  /// Empties the queue. Before each call on a connection: what an earlier one left would be taken for its own.
  static func clear() { ERR_clear_error() }

  /// Empties the queue, and says what was first in it, in words.
  static func take() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "OpenSSL does not say why" }
    guard let words = ERR_reason_error_string(code) else { return "OpenSSL error \(code)" }
    return String(cString: words)
  }

  /// The reason that is last in the queue, which stays as it is: zero when that is empty or not the TLS part's.
  static var tlsReason: Int32 {
    let code = ERR_peek_last_error()
    return ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0
  }
}
