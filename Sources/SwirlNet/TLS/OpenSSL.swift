import COpenSSL

/// The library as a whole.
package enum OpenSSL {
  /// Read before anything else of OpenSSL is used, here and in the modules above.
  ///
  /// Left to itself OpenSSL takes its tables down when the process ends, under the hands of threads that still run: a reactor's
  /// thread in the midst of a handshake would end the process with a signal instead of its exit code. It does not when the first
  /// call tells it so (`OPENSSL_INIT_NO_ATEXIT`); the memory goes with the process.
  package static let isStarted: Bool = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1
}
