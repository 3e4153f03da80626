import COpenSSL
import SwirlNet
import SwirlPlatform

/// A BIO over a simulated socket: OpenSSL reads and writes it like a descriptor.
///
/// The session owns it, and frees its `SSL` first: so OpenSSL's BIO never uses its unretained reference later.
final class SocketBIO {
  private let socket: any SimulatedSocket
  private var isAtEnd = false

  /// Makes `ssl` read from it and write to it.
  init(_ socket: any SimulatedSocket, of ssl: OpaquePointer) {
    self.socket = socket
    guard let bio = BIO_new(Self.method) else { fatalError("no memory for a BIO") }
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    SSL_set_bio(ssl, bio, bio)
  }

  // `nonisolated(unsafe)` is right: the static initializer makes the table once, and nothing changes or frees it; every
  // thread may read it.
  nonisolated(unsafe) private static let method: OpaquePointer = {
    guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "simulated socket") else {
      fatalError("no memory for a BIO's methods")
    }
    BIO_meth_set_read(method) { bio, base, count in
      guard let bio, let base, count > 0 else { return 0 }
      return SocketBIO.of(bio).read(bio, base, Int(count))
    }
    BIO_meth_set_write(method) { bio, base, count in
      guard let bio, let base, count > 0 else { return 0 }
      return SocketBIO.of(bio).write(bio, base, Int(count))
    }
    BIO_meth_set_ctrl(method) { bio, command, _, _ in
      switch command {
      case BIO_CTRL_FLUSH: 1
      case BIO_CTRL_EOF: bio.map { SocketBIO.of($0).isAtEnd ? 1 : 0 } ?? 0
      default: 0
      }
    }
    return method
  }()

  private static func of(_ bio: OpaquePointer) -> SocketBIO {
    Unmanaged<SocketBIO>.fromOpaque(BIO_get_data(bio)!).takeUnretainedValue()
  }

  private func read(_ bio: OpaquePointer, _ base: UnsafeMutablePointer<CChar>, _ room: Int) -> Int32 {
    BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY)
    let count = socket.receive(base, room, isPeeking: false)
    isAtEnd = count == 0
    if count < 0, errno == EAGAIN { BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY) }
    return Int32(count)
  }

  private func write(_ bio: OpaquePointer, _ base: UnsafePointer<CChar>, _ count: Int) -> Int32 {
    BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY)
    let sent = OpenSSLError.keeping {
      base.withMemoryRebound(to: UInt8.self, capacity: count) {
        socket.send(UnsafeBufferPointer(start: $0, count: count))
      }
    }
    if sent < 0, errno == EAGAIN { BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY) }
    return Int32(sent)
  }
}
