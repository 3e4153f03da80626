import CSwirlSystem
import SwirlPlatform
import Testing

@testable import SwirlNet

/// A pipe whose ends are closed with it, unless they are taken.
final class TestPipe {
  var reading: Int32
  var writing: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    closeReading()
    closeWriting()
  }

  func takeReading() -> Int32 {
    defer { reading = -1 }
    return reading
  }
  func takeWriting() -> Int32 {
    defer { writing = -1 }
    return writing
  }
  func closeReading() { if reading >= 0 { Socket.close(takeReading()) } }
  func closeWriting() { if writing >= 0 { Socket.close(takeWriting()) } }

  func write(_ text: String) { #expect(send(writing, text) == text.utf8.count) }

  /// What can be read at once; nil at EOF.
  func readAll() -> String? { contents(of: reading) }
}

/// What can be read at once; nil at EOF.
func contents(of descriptor: Int32) -> String? {
  var text = ""
  while true {
    var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&question, 1, 0) > 0 else { return text }
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    let count = read(descriptor, &bytes, bytes.count)
    if count <= 0 { return text.isEmpty ? nil : text }
    text += String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

@discardableResult
func send(_ descriptor: Int32, _ text: String) -> Int {
  Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
}

/// Both sides of a pseudo-terminal; the program's one is raw.
func terminalPair() throws -> (master: Int32, terminal: Int32, path: String) {
  let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
  try #require(master >= 0)
  let terminal = swirl_open_terminal(master)
  try #require(terminal >= 0)
  var mode = termios()
  tcgetattr(terminal, &mode)
  cfmakeraw(&mode)
  tcsetattr(terminal, TCSANOW, &mode)
  var path = [CChar](repeating: 0, count: 64)
  let length = readlink("/proc/self/fd/\(terminal)", &path, 63)
  return (master, terminal, String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self))
}

func isNonBlocking(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0 }
