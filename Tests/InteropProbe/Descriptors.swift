import Foundation
import Swirl

/// Standard input to standard output, line by line, in capitals.
private final class Shouter: LineReceiver {
  init() { super.init(delimiter: "\n") }
  override func lineReceived(_ line: String) { try? sendLine(line.uppercased()) }
  override func connectionLost(_ end: ConnectionEnd) { Reactor.current.stop() }
}

func echoStandardIO() throws {
  try Reactor.current.standardIO { Shouter() }
  Reactor.current.run()
}

/// Runs a command on a terminal of that many rows and columns, and passes its output and this program's input on.
func playTerminal(_ arguments: [String]) throws {
  let size = ChildTerminalSize(rows: Int(arguments[0]) ?? 24, columns: Int(arguments[1]) ?? 80)
  let process = try Reactor.current.spawnProcess(arguments[2], Array(arguments.dropFirst(3)), terminal: size)
  process.standardOutput.forEach { FileHandle.standardOutput.write(Data($0)) }
  process.ended.addCallback { status in
    FileHandle.standardOutput.write(Data("[\(status)]\n".utf8))
    Reactor.current.stop()
  }
  try Reactor.current.adopt(reading: 0, closesDescriptors: false) { Typist(process) }
  Reactor.current.run()
}

/// Types what comes. `SIZE ROWS COLUMNS` in a line of its own changes the size instead.
private final class Typist: LineReceiver {
  private let process: ChildProcess
  init(_ process: ChildProcess) {
    self.process = process
    super.init(delimiter: "\n")
  }
  override func lineReceived(_ line: String) {
    let words = line.split(separator: " ")
    if words.count == 3, words[0] == "SIZE", let rows = Int(words[1]), let columns = Int(words[2]) {
      return process.resize(to: ChildTerminalSize(rows: rows, columns: columns))
    }
    // Ctrl-C is a key, not a line.
    process.standardInput.write(line == "\u{3}" ? line : "\(line)\n")
  }
  override func connectionLost(_ end: ConnectionEnd) { process.standardInput.close() }
}

/// Echoes bytes.
private final class SerialEcho: StreamProtocol {
  private var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    print("open")
    fflush(nil)
  }
  func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
  func connectionLost(_ end: ConnectionEnd) {
    print(end)
    Reactor.current.stop()
  }
}

func echoSerialPort(_ arguments: [String]) throws {
  try Reactor.current.openSerialPort(arguments[0], SerialSettings(speed: Int(arguments[1]) ?? 9600)) { SerialEcho() }
  Reactor.current.run()
}

/// Writes the bytes into each descriptor that comes with them, and passes the read end of a new pipe back.
private final class PassingPeer: StreamProtocol {
  private var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    try? transport.receiveDescriptors(atMost: 4)
  }
  func dataReceived(_ bytes: Span<UInt8>) {
    guard let transport else { return }
    let text = bytes.withUnsafeBufferPointer { Data($0) }
    for descriptor in transport.takeDescriptors() {
      FileHandle(fileDescriptor: descriptor.take(), closeOnDealloc: true).write(text)
    }
    let pipe = Pipe()
    try? transport.write(Array("back".utf8), passing: [pipe.fileHandleForReading.fileDescriptor])
    pipe.fileHandleForWriting.write(Data("through a pipe".utf8))
  }
  func connectionLost(_ end: ConnectionEnd) {
    print(end)
    fflush(nil)
  }
}

func passDescriptors(_ path: String) throws {
  let listener = try Reactor.current.listenUnix(path) { _ in PassingPeer() }
  Reactor.current.addSignalHandler(SIGTERM) {
    listener.stop()
    Reactor.current.stop()
  }
  print("listening")
  fflush(nil)
  Reactor.current.run()
}
