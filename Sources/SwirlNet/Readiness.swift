import SwirlPlatform
import Synchronization

/// Whether this process serves, for those that have started it.
public enum Readiness {
  /// The pipe to the old process, until this process is ready; otherwise -1.
  static let pipe = Mutex<Int32>(-1)

  /// Says that this process serves: to the process that it replaces (`reactor.restart`), which then stops, and to
  /// systemd (`Type=notify`, and `NotifyAccess=all` for restarts), for which it is the main process from now on.  Call
  /// it once everything listens. Without an old process and systemd it does nothing. Any thread. systemd:
  /// `sd_notify(3)`.
  public static func announce() {
    let descriptor = pipe.withLock { pipe in
      defer { pipe = -1 }
      return pipe
    }
    if descriptor >= 0 {
      var byte: UInt8 = 1
      // The old process may have ended: then there is nothing to replace.
      _ = write(descriptor, &byte, 1)
      Socket.close(descriptor)
    }
    notify("READY=1\nMAINPID=\(getpid())")
  }

  /// Sends a message to the socket that systemd has named (sd_notify(3)); without one does nothing.
  static func notify(_ message: String) {
    guard let name = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), name.hasPrefix("/") || name.hasPrefix("@"),
      let address = SocketAddress(unixPath: name.hasPrefix("@") ? "\0" + name.dropFirst() : name)
    else { return }
    let descriptor = Socket.datagram(AF_UNIX)
    guard descriptor >= 0 else { return }
    defer { Socket.close(descriptor) }
    guard Socket.connect(descriptor, to: address) == .done else { return }
    _ = Array(message.utf8).withUnsafeBufferPointer { Socket.send(descriptor, $0) }
  }
}
