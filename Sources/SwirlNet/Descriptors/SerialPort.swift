import CSwirlSystem
import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// The settings of a serial port: 8 data bits, no parity and one stop bit, unless they are changed.
public struct SerialSettings: Sendable {
  /// The check bit of each character.
  public enum Parity: Sendable {
    /// Without one.
    case none
    /// An even or an odd number of ones.
    case even, odd
  }

  /// Bits a second, one of POSIX' speeds: 300, 1,200, 9,600, 115,200 …
  public var speed: Int
  /// The bits of a character, 5 to 8.
  public var dataBits = 8
  /// The check bit.
  public var parity = Parity.none
  /// The stop bits, 1 or 2.
  public var stopBits = 1
  /// Whether the wires RTS and CTS hold the other side up.
  public var usesHardwareFlowControl = false
  /// Whether other programs cannot open the port meanwhile.
  public var isExclusive = true

  /// - Parameter speed: bits a second.
  public init(speed: Int = 9600) { self.speed = speed }

  private static let speeds: [Int: Int32] = [
    50: B50, 75: B75, 110: B110, 134: B134, 150: B150, 200: B200, 300: B300, 600: B600, 1200: B1200, 1800: B1800,
    2400: B2400, 4800: B4800, 9600: B9600, 19200: B19200, 38400: B38400, 57600: B57600, 115_200: B115200,
    230_400: B230400,
  ]

  /// Sets the terminal to bytes as they come. An error is the reason.
  func apply(to descriptor: Int32) -> String? {
    guard let code = Self.speeds[speed] else {
      let known = Self.speeds.keys.sorted().map(String.init).joined(separator: ", ")
      return "\(speed) is no speed of a serial port; there are \(known)"
    }
    let sizes: [Int: Int32] = [5: CS5, 6: CS6, 7: CS7, 8: CS8]
    guard let size = sizes[dataBits], (1...2).contains(stopBits) else {
      return "a character has 5 to 8 data bits, and 1 or 2 stop bits"
    }
    var mode = termios()
    guard tcgetattr(descriptor, &mode) == 0 else { return "it is no serial port" }
    cfmakeraw(&mode)
    var flags = mode.c_cflag & ~tcflag_t(CSIZE | CSTOPB | PARENB | PARODD) & ~Self.hardwareFlowControl
    flags |= tcflag_t(size | CREAD | CLOCAL)
    if stopBits == 2 { flags |= tcflag_t(CSTOPB) }
    if parity != .none { flags |= tcflag_t(PARENB) }
    if parity == .odd { flags |= tcflag_t(PARODD) }
    if usesHardwareFlowControl { flags |= Self.hardwareFlowControl }
    mode.c_cflag = flags
    cfsetispeed(&mode, speed_t(code))
    cfsetospeed(&mode, speed_t(code))
    guard tcsetattr(descriptor, TCSANOW, &mode) == 0 else { return "it refuses the settings: give others" }
    // It succeeds if any of the changes did.
    var actual = termios()
    tcgetattr(descriptor, &actual)
    return cfgetospeed(&actual) == speed_t(code) ? nil : "it refuses \(speed) bits a second"
  }

  #if os(Linux)
  /// CRTSCTS.
  private static let hardwareFlowControl: tcflag_t = 0x8000_0000
  #else
  private static let hardwareFlowControl = tcflag_t(CRTSCTS)
  #endif
}

extension Reactor {
  /// Opens a serial port by a protocol: bytes both ways, as they come.
  ///
  /// ```swift
  /// try reactor.openSerialPort("/dev/ttyUSB0", SerialSettings(speed: 115_200)) { LineReceiver() }
  /// ```
  ///
  /// Opening does not wait for a carrier, and the port does not become the controlling terminal. The transport ends
  /// when the device is unplugged. Twisted: `SerialPort`; Python: pyserial-asyncio.
  ///
  /// - Parameters:
  ///   - path: the device.
  ///   - settings: its speed and format.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol, whose `connectionMade` is called before this returns.
  /// - Throws: ``NetError`` with the code `.connect` if the device cannot be opened, or refuses the settings.
  @discardableResult
  public func openSerialPort<P: StreamProtocol>(
    _ path: String, _ settings: SerialSettings = SerialSettings(), file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: () throws -> P
  ) throws -> P {
    let made = try makeProtocol()
    try openSerialPort(path, settings, at: CallSite(file: file, line: line)).start(made)
    return made
  }

  /// Opens a serial port for async code: see above.
  /// - Throws: ``NetError`` with the code `.connect`.
  public func openSerialPort(
    _ path: String, _ settings: SerialSettings = SerialSettings(), file: StaticString = #fileID, line: UInt = #line
  ) throws -> Connection {
    Connection(starting: try openSerialPort(path, settings, at: CallSite(file: file, line: line)))
  }

  private func openSerialPort(
    _ path: String, _ settings: SerialSettings, at site: CallSite
  ) throws(NetError) -> SocketTransport {
    let descriptor = path.utf8.contains(0) ? -1 : open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw NetError(.connect, path, errno: path.utf8.contains(0) ? EINVAL : errno) }
    do throws(NetError) {
      guard isatty(descriptor) == 1 else {
        throw NetError(.connect, path, errno: ENOTTY, reason: "it is no serial port, and no terminal")
      }
      if let problem = settings.apply(to: descriptor) { throw NetError(.connect, path, errno: EINVAL, reason: problem) }
      #if os(Linux)
      if settings.isExclusive { _ = swirl_make_exclusive(descriptor) }
      #endif
      return try openDescriptors(descriptor, descriptor, .close, at: site)
    } catch {
      Socket.close(descriptor)
      throw error
    }
  }
}
