import COpenSSL
import SwirlPlatform

/// OpenSSL in this process.
package enum OpenSSL {
  /// Access this before the first use of OpenSSL.
  ///
  /// By default OpenSSL cleans up in the thread that calls `exit`, while the threads of reactors and pools still use
  /// it: they would crash, or their connections fail. The system frees its memory at exit anyway.
  package static let isReady: Void = {
    let configuration = refusedConfiguration == nil ? 0 : UInt64(OPENSSL_INIT_NO_LOAD_CONFIG)
    _ = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT) | configuration, nil)
  }()

  /// The file that `OPENSSL_CONF` names, if OpenSSL would block on it, such as a FIFO: it is not read then.
  static let refusedConfiguration: String? = {
    guard let path = getenv("OPENSSL_CONF").map({ String(cString: $0) }) else { return nil }
    var status = stat()
    return stat(path, &status) == 0 && !PEMReader.isReadable(status) ? path : nil
  }()
}
