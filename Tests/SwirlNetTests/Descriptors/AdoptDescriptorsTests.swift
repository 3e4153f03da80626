import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite struct AdoptDescriptorsTests {
  @Test func `a pipe is read to its end, and a second one written`() throws {
    try withReactor { reactor in
      let (input, output) = (TestPipe(), TestPipe())
      let recorder = Recorder { recorder in
        recorder.goesOnSending = true
        recorder.onData = { [unowned recorder] _ in recorder.transport?.write("got \(recorder.text)") }
        recorder.onEndReceived = { [unowned recorder] in recorder.transport?.close() }
        recorder.onLost = { _ in reactor.stop() }
      }
      try reactor.adopt(reading: input.takeReading(), writing: output.takeWriting()) { recorder }
      input.write("hello")
      reactor.callLater(.milliseconds(1)) { input.closeWriting() }
      return {
        #expect(recorder.events == ["made", "data", "end", "lost"])
        #expect(recorder.end?.code == .closed)
        #expect(output.readAll() == "got hello")
        // Closed here: the reader sees the end.
        #expect(output.readAll() == nil)
      }
    }
  }

  @Test func `a descriptor that stays the caller's is open after the end`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(writing: pipe.writing, closesDescriptors: false) { recorder }
      recorder.transport?.write("one ")
      recorder.transport?.close()
      return {
        pipe.write("two")
        #expect(pipe.readAll() == "one two")
      }
    }
  }

  @Test func `a descriptor is closed once`() throws {
    // A number that is free stays so there.
    let lowest = numberBelowLimit(32)
    let pipe = TestPipe()
    let number = fcntl(pipe.writing, F_DUPFD, lowest)
    #expect(number >= lowest)
    let other = TestPipe()
    try withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(writing: number) { recorder }
      recorder.transport?.close()
      return {}
    }
    // Another file gets the number, and keeps it.
    #expect(fcntl(number, F_GETFD) == -1)
    #expect(fcntl(other.writing, F_DUPFD, number) == number)
    send(number, "whole")
    #expect(other.readAll() == "whole")
    Socket.close(number)
  }

  @Test func `with an error the descriptors stay the caller's, and no protocol starts`() throws {
    let reactor = Reactor()
    let pipe = TestPipe()
    let directory = open("/", O_RDONLY)
    defer { Socket.close(directory) }
    let recorder = Recorder()
    let cases: [(Int32?, Int32?, String)] = [
      (pipe.writing, nil, "open for writing alone"), (nil, pipe.reading, "open for reading alone"),
      (pipe.reading, 9999, "not open"), (-1, nil, "not open"), (directory, nil, "a directory"),
    ]
    for (input, output, words) in cases {
      let error = #expect(throws: NetError.self) { try reactor.adopt(reading: input, writing: output) { recorder } }
      #expect(error?.description.contains(words) == true)
    }
    #expect(recorder.events.isEmpty)
    pipe.write("still there")
    #expect(pipe.readAll() == "still there")
  }

  @Test func `a shared descriptor does not become non-blocking for others`() throws {
    let (master, terminal, _) = try terminalPair()
    defer { Socket.close(master) }
    try withReactor { reactor in
      let (input, output) = (TestPipe(), TestPipe())
      let shared = [dup(input.reading), dup(output.writing), dup(terminal)]
      let recorder = Recorder()
      let third = Recorder()
      try reactor.adopt(reading: input.takeReading(), writing: output.takeWriting()) { recorder }
      try reactor.adopt(reading: terminal, writing: terminal) { third }
      let during = shared.map(isNonBlocking)
      recorder.onLost = { _ in third.transport?.close() }
      third.onLost = { _ in reactor.stop() }
      reactor.callLater(.milliseconds(1)) { recorder.transport?.close() }
      return {
        #expect(during == [false, false, false])
        #expect(shared.map(isNonBlocking) == [false, false, false])
        for descriptor in shared { Socket.close(descriptor) }
      }
    }
  }

  @Test func `where a second opening is impossible the flag is removed at the end`() throws {
    let (master, terminal, _) = try terminalPair()
    defer { Socket.close(terminal) }
    try withReactor { reactor in
      let shared = dup(master)
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(reading: master, writing: master) { recorder }
      let during = isNonBlocking(shared)
      recorder.onData = { recorder in
        #expect(recorder.text == "typed")
        recorder.transport?.close()
      }
      send(terminal, "typed")
      return {
        #expect(recorder.text == "typed")
        #expect(during && !isNonBlocking(shared))
        Socket.close(shared)
      }
    }
  }

  @Test func `the end of a terminal is no error`() throws {
    let (master, terminal, _) = try terminalPair()
    try withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(reading: master, writing: master) { recorder }
      send(terminal, "last words")
      Socket.close(terminal)
      return {
        #expect(recorder.text == "last words")
        #expect(recorder.events == ["made", "data", "end", "lost"])
        #expect(recorder.end?.code == .closed)
      }
    }
  }

  @Test func `input on the terminal does not end a transport that only writes to it`() throws {
    let (master, terminal, _) = try terminalPair()
    defer { Socket.close(master) }
    try withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(writing: terminal) { recorder }
      send(master, "typed by the user")
      reactor.callLater(.milliseconds(5)) {
        #expect(recorder.events == ["made"])
        recorder.transport?.write("out")
        recorder.transport?.closeWrite()
      }
      return {
        #expect(recorder.end?.code == .closed)
        #expect(contents(of: master) == "out")
      }
    }
  }

  @Test func `a writer learns that the last reader has closed its pipe`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(writing: pipe.takeWriting()) { recorder }
      reactor.callLater(.milliseconds(1)) { pipe.closeReading() }
      return {
        #expect(recorder.events == ["made", "end", "lost"])
        #expect(recorder.end?.code == .closed)
      }
    }
  }

  @Test func `unsent bytes make a closed reader an error`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(writing: pipe.takeWriting()) { recorder }
      recorder.transport?.write([UInt8](repeating: 1, count: 1_000_000))
      reactor.callLater(.milliseconds(1)) { pipe.closeReading() }
      return {
        #expect(recorder.events.first == "made" && recorder.events.contains("pause"))
        #expect(recorder.end?.error?.errno == EPIPE)
      }
    }
  }

  @Test func `a reader that is slow pauses the writer, and all bytes come`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let sender = Recorder()
      let receiver = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(writing: pipe.takeWriting()) { sender }
      try reactor.adopt(reading: pipe.takeReading()) { receiver }
      receiver.transport?.pauseReading()
      sender.transport?.write([UInt8](repeating: 7, count: 3_000_000))
      sender.transport?.close()
      #expect(sender.events == ["made", "pause"])
      reactor.callLater(.milliseconds(3)) {
        #expect(receiver.bytes.isEmpty)
        receiver.transport?.resumeReading()
      }
      return { #expect(receiver.bytes == [UInt8](repeating: 7, count: 3_000_000)) }
    }
  }

  @Test func `writing where it only reads is an error that says so`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(reading: pipe.takeReading()) { recorder }
      recorder.transport?.write("lost")
      return { #expect(recorder.end?.error?.reason == "it is open for reading alone") }
    }
  }

  @Test(arguments: [0, 5, 70_000, 300_000])
  func `a regular file is read to its end, from where it stands`(size: Int) throws {
    var template = Array("/tmp/swirl-descriptor-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    unlink(template)
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
    content.withUnsafeBytes { bytes in
      if size > 0 { #expect(pwrite(file, bytes.baseAddress!, size, 0) == size) }
    }
    lseek(file, off_t(min(3, size)), Int32(SEEK_SET))
    try withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.adopt(reading: file) { recorder }
      return {
        #expect(recorder.bytes == Array(content.dropFirst(3)))
        #expect(recorder.end?.code == .closed)
      }
    }
  }

  @Test func `a regular file and the null device are written`() throws {
    var template = Array("/tmp/swirl-descriptor-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    unlink(template)
    let copy = dup(file)
    try withReactor { reactor in
      let null = Recorder()
      let recorder = Recorder { $0.onLost = { _ in null.transport?.close() } }
      null.onLost = { _ in reactor.stop() }
      let device = open("/dev/null", O_RDWR)
      try reactor.adopt(reading: device, writing: device) { null }
      null.transport?.pauseReading()
      null.transport?.write("nothing")
      try reactor.adopt(writing: file) { recorder }
      recorder.transport?.write("some")
      recorder.transport?.write(" text")
      recorder.transport?.close()
      return {
        lseek(copy, 0, Int32(SEEK_SET))
        #expect(contents(of: copy) == "some text")
        Socket.close(copy)
      }
    }
  }

  @Test func `a serial port has its speed and passes bytes as they are`() throws {
    let (master, terminal, path) = try terminalPair()
    defer { Socket.close(master) }
    var mode = termios()
    tcgetattr(terminal, &mode)
    mode.c_lflag |= tcflag_t(ECHO | ICANON)
    tcsetattr(terminal, TCSANOW, &mode)
    try withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      try reactor.openSerialPort(path, SerialSettings(speed: 115_200)) { recorder }
      var actual = termios()
      tcgetattr(terminal, &actual)
      let speed = cfgetospeed(&actual)
      Socket.close(terminal)
      recorder.onData = { recorder in if recorder.text == "a\rb\u{3}" { recorder.transport?.close() } }
      recorder.transport?.write("AT\n")
      send(master, "a\rb\u{3}")
      return {
        #expect(speed == speed_t(B115200))
        #expect(contents(of: master) == "AT\n")
      }
    }
  }

  @Test func `what is no serial port, or a wrong setting, is an error`() throws {
    let (master, terminal, path) = try terminalPair()
    defer { [master, terminal].forEach(Socket.close) }
    let reactor = Reactor()
    var half = SerialSettings(speed: 9600)
    half.stopBits = 3
    let cases = [
      ("/no/such/device", SerialSettings(), "no such file"), ("/dev/null", SerialSettings(), "no serial port"),
      (path, SerialSettings(speed: 12345), "there are 50, 75"), (path, half, "1 or 2 stop bits"),
      ("a\0b", SerialSettings(), "invalid argument"),
    ]
    for (path, settings, words) in cases {
      let error = #expect(throws: NetError.self) { try reactor.openSerialPort(path, settings) { Recorder() } }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
  }

  @Test func `a transport may be closed, aborted and released in each callback`() throws {
    for action in ["close", "abort", "write"] {
      try withReactor { reactor in
        let pipe = TestPipe()
        let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
        recorder.keepsTransport = false
        weak var transport: (any Transport)?
        recorder.onMade = { transport = $0 }
        recorder.onData = { _ in
          switch action {
          case "close": transport?.close()
          case "abort": transport?.abort()
          default: transport?.write("x")
          }
        }
        try reactor.adopt(reading: pipe.takeReading()) { recorder }
        pipe.write("data")
        return { #expect(recorder.events.suffix(1) == ["lost"] && recorder.text == "data") }
      }
    }
  }
}
