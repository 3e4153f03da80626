import COpenSSL

/// OpenSSL in this process.
package enum OpenSSL {
  /// Access this before the first use of OpenSSL.
  ///
  /// By default OpenSSL cleans up in the thread that calls `exit`, while the threads of reactors and pools still use
  /// it: they would crash, or their connections fail. The system frees its memory at exit anyway.
  package static let isReady: Void = { _ = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) }()
}
