import COpenSSL

/// OpenSSL in this process.
package enum OpenSSL {
  /// To be asked for before its first use by whoever uses it.
  ///
  /// By itself it would be taken apart in the thread that calls `exit`, while the threads of reactors and pools still use it: they crash,
  /// or their connections fail. What it holds the system frees.
  package static let isReady: Void = { _ = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) }()
}
