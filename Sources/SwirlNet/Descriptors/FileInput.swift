import SwirlDeferred
import SwirlPlatform
import SwirlReactor

/// A regular file as the input of a transport: a thread reads it, piece by piece, as the transport takes them.
final class FileInput {
  private var piece: [UInt8] = []
  private var taken = 0
  /// Zero at the end of the file, the number of an error otherwise.
  private var end: Int32?
  private var isReading = false
  private let file: File
  private let onReady: () -> Void
  private unowned let reactor: Reactor

  /// - Parameter onReady: called when there is something to read, or the end.
  init(_ descriptor: Int32, on reactor: Reactor, _ onReady: @escaping () -> Void) {
    file = File(fcntl(descriptor, F_DUPFD_CLOEXEC, 3))
    self.reactor = reactor
    self.onReady = onReady
  }

  /// Whether a read would not wait.
  var isReady: Bool { taken < piece.count || end != nil }

  /// Like read(2); a `room` of zero asks whether there is something.
  func read(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
    let count = min(room, piece.count - taken)
    if taken < piece.count {
      // The pointers stay within the array and the room that the caller has.
      piece.withUnsafeBytes { base.copyMemory(from: $0.baseAddress! + taken, byteCount: count) }
      taken += count
      return room == 0 ? 1 : count
    }
    if end == 0 { return 0 }
    errno = end ?? EAGAIN
    prepare()
    return -1
  }

  /// Has the next piece read.
  func prepare() {
    guard !isReading, !isReady else { return }
    isReading = true
    let pool = reactor.attached(FileInputThreads.self) { FileInputThreads() }.pool
    reactor.deferToThread(in: pool, mayBeAbandoned: true) { [file] in file.read() }.addBoth { [weak self] result in
      guard let self else { return }
      isReading = false
      taken = 0
      switch result {
      case .success(let read):
        piece = read.bytes
        if read.bytes.isEmpty { end = read.errno }
      case .failure: end = EIO
      }
      onReady()
    }
  }

  /// A copy of the descriptor, which stays open while a thread reads. They share the position.
  private final class File: Sendable {
    private let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { if descriptor >= 0 { Socket.close(descriptor) } }

    func read() -> (bytes: [UInt8], errno: Int32) {
      var number: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, initialized in
        var count: Int
        // The buffer has room, so it has a base address. The kernel initialises as many bytes as it returns.
        repeat {
          count = systemRead(descriptor, buffer.baseAddress!, buffer.count)
        } while count < 0 && errno == EINTR
        if count < 0 { number = errno }
        initialized = max(0, count)
      }
      return (bytes, number)
    }
  }
}

/// The threads that read files for transports, apart from those of the program.
private final class FileInputThreads {
  let pool = ThreadPool(size: 2, maximumAbandoned: 16, name: "swirl-input")
}

// A method above shadows this name.
private func systemRead(_ descriptor: Int32, _ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
  read(descriptor, base, room)
}
