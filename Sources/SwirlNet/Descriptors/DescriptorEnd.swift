import SwirlPlatform
import SwirlReactor

/// One direction, or both, of a transport on a descriptor.
///
/// It reads and writes without waiting, and other processes do not notice: O_NONBLOCK belongs to the open file, which a
/// shell shares with its programs. So a pipe or a terminal is opened a second time, and a socket asked call by call;
/// only where neither is possible the flag is set, and removed at the end.
final class DescriptorEnd {
  /// What becomes of the given descriptor at the end.
  enum Ending {
    /// It is closed.
    case close
    /// It stays open: it belongs to the caller.
    case keep
    /// One of a program's standard descriptors. A pipe or a socket is replaced by /dev/null, so that its peer sees the
    /// end, and no other file gets the number; a terminal or a file stays.
    case standard
  }

  let kind: DescriptorKind
  /// The number that it reads and writes by; -1 when it is closed.
  private(set) var number: Int32
  private let given: Int32
  private var ending: Ending
  private let hasSetFlag: Bool

  /// The given descriptor stays the caller's until `take`.
  init(_ descriptor: Int32, reads: Bool, writes: Bool) throws(NetError) {
    let code: NetError.Code = reads ? .read : .write
    let name = "descriptor \(descriptor)"
    guard let kind = DescriptorKind(descriptor) else {
      throw NetError(code, name, errno: errno, reason: "it is not open")
    }
    if kind == .directory { throw NetError(code, name, errno: EISDIR, reason: "it is a directory") }
    let flags = fcntl(descriptor, F_GETFL)
    let mode = flags & O_ACCMODE
    if reads, mode == O_WRONLY { throw NetError(.read, name, errno: EBADF, reason: "it is open for writing alone") }
    if writes, mode == O_RDONLY { throw NetError(.write, name, errno: EBADF, reason: "it is open for reading alone") }
    self.kind = kind
    ending = .keep
    given = descriptor
    guard flags & O_NONBLOCK == 0, kind != .file, kind != .socket else {
      number = descriptor
      hasSetFlag = false
      return
    }
    // A copy that does not block. The given descriptor stays as it is, for the processes that share it.
    let copy = Self.opened(descriptor, kind, mode)
    number = copy >= 0 ? copy : descriptor
    hasSetFlag = copy < 0
    if hasSetFlag {
      _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
      SharedFlags.remember(descriptor)
    }
  }

  deinit { close() }

  /// From here the given descriptor is closed as `ending` says.
  func take(_ ending: Ending) {
    self.ending = ending
    if ending == .close { _ = fcntl(given, F_SETFD, FD_CLOEXEC) }
  }

  /// Opens a pipe or a terminal a second time; -1 if that is impossible. A device is another one when it is opened
  /// again.
  private static func opened(_ descriptor: Int32, _ kind: DescriptorKind, _ mode: Int32) -> Int32 {
    #if os(Linux)
    guard kind == .pipe || kind == .terminal else { return -1 }
    return open("/proc/self/fd/\(descriptor)", mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    #else
    return -1
    #endif
  }

  /// Like read(2), and without waiting.
  func read(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
    if kind == .socket { return recv(number, base, room, Int32(MSG_DONTWAIT)) }
    let count = systemRead(number, base, room)
    // How a terminal says that its other side is closed.
    if count < 0, errno == EIO, kind == .terminal || kind == .terminalMaster { return 0 }
    return count
  }

  /// Like write(2), and without waiting, but for a file.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    #if os(Linux)
    if kind == .socket {
      return send(number, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }
    #endif
    return systemWrite(number, bytes.baseAddress!, bytes.count)
  }

  /// Whether a read would not wait.
  var hasInput: Bool { isReady(Int16(POLLIN)) }

  /// Whether the process that read from it has closed its end.
  var isBroken: Bool { isReady(0) }

  private func isReady(_ events: Int16) -> Bool {
    var question = pollfd(fd: number, events: events, revents: 0)
    return poll(&question, 1, 0) > 0
  }

  func shutdownWriting() { if kind == .socket { shutdown(number, Int32(SHUT_WR)) } }

  func close() {
    guard number >= 0 else { return }
    if hasSetFlag {
      SharedFlags.restore(given)
    } else if number != given {
      Socket.close(number)
    }
    number = -1
    switch ending {
    case .keep: break
    case .close: Socket.close(given)
    case .standard: if kind == .pipe || kind == .socket { replaceByNull() }
    }
  }

  private func replaceByNull() {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0 else { return }
    dup2(null, given)
    Socket.close(null)
  }
}

// The methods above shadow these names.
private func systemRead(_ descriptor: Int32, _ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
  read(descriptor, base, room)
}
private func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, base, count)
}
