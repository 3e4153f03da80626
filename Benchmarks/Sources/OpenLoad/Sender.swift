import CEpoll
import Glibc
import Measure

/// Sends each request when it is due, on the connection that has been idle for longest, or as soon as one is.
///
/// Requests are sent in the order in which they are due, so those that wait for a connection need no queue: the next
/// one is the oldest.
final class Sender {
  private struct Connection {
    let descriptor: Int32
    /// When the request under way was due, and how many bytes of its answer are missing.
    var due: UInt64 = 0
    var missing = 0
    var idleSince: UInt64 = 0
  }

  private static let connectionsPerAddress = 8_000
  private let target: Target
  private let process: Int32?
  private let epoll = epoll_create1(0)
  private let options: Options
  /// How long after the end answers may come, in seconds.
  private let grace: Double
  private var connections: [Connection] = []
  /// A ring of the idle ones.
  private var idle: [Int32]
  private var firstIdle = 0, idleCount = 0
  /// The size of each answer, that of the first.
  private var answerSize = 0
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  private var usedBefore = 0.0

  init(_ url: String, _ options: Options) {
    target = Target(url)
    self.options = options
    process = options.text("--pid").flatMap { Int32($0) }
    grace = options.number("--grace", or: 10)
    let count = options.count("--connections", or: 100)
    idle = [Int32](repeating: 0, count: count)
    for index in 0..<count { open(index) }
  }

  /// Each connection has one answer before the load begins.
  private func open(_ index: Int) {
    let descriptor = target.connect(from: 2 + index / Self.connectionsPerAddress)
    connections.append(Connection(descriptor: descriptor))
    send(index)
    if index == 0 {
      answerSize = sizeOfFirstAnswer(descriptor)
    } else {
      connections[index].missing = answerSize
      while connections[index].missing > 0 { receive(index) }
    }
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u32 = UInt32(index)
    epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    release(index, at: monotonicNanoseconds())
  }

  func run() {
    var schedule = Schedule(options)
    let latencies = Latencies(schedule)
    var events = [epoll_event](repeating: epoll_event(), count: 512)
    while !schedule.isOver || idleCount < connections.count {
      sendDue(&schedule, latencies)
      let count = Int(epoll_wait(epoll, &events, Int32(events.count), 0))
      for event in events.prefix(max(0, count)) {
        let index = Int(event.data.u32)
        receive(index)
        guard connections[index].missing == 0 else { continue }
        let now = monotonicNanoseconds()
        latencies.answered(due: connections[index].due, at: now)
        release(index, at: now)
        sendDue(&schedule, latencies)
      }
      if monotonicNanoseconds() > schedule.end + UInt64(grace * 1e9) {
        fail("the server does not answer \(Int(schedule.rate)) requests a second: gave up \(grace) s behind the last")
      }
    }
    var report = latencies.report
    if let process {
      report.add("server_cpu", processorSeconds(of: process) - usedBefore)
      report.add("server_kib", Double(residentKiB("VmRSS", of: "\(process)")))
    }
    report.send()
  }

  private func sendDue(_ schedule: inout Schedule, _ latencies: Latencies) {
    while true {
      let now = monotonicNanoseconds()
      if latencies.look(at: now), let process { usedBefore = processorSeconds(of: process) }
      guard idleCount > 0, schedule.next <= now, !schedule.isOver else { return }
      let index = Int(idle[firstIdle])
      firstIdle = firstIdle + 1 == idle.count ? 0 : firstIdle + 1
      idleCount -= 1
      connections[index].due = schedule.next
      connections[index].missing = answerSize
      latencies.sent(due: schedule.next, free: connections[index].idleSince)
      send(index)
      schedule.advance()
    }
  }

  private func release(_ index: Int, at now: UInt64) {
    connections[index].idleSince = now
    var place = firstIdle + idleCount
    if place >= idle.count { place -= idle.count }
    idle[place] = Int32(index)
    idleCount += 1
  }

  private func send(_ index: Int) {
    let count = write(connections[index].descriptor, target.request, target.request.count)
    if count != target.request.count { fail("write: \(String(cString: strerror(errno)))") }
  }

  /// Reads a part of an answer, which must be 200, and as long as the first.
  private func receive(_ index: Int) {
    let isBegin = connections[index].missing == answerSize
    let count = read(connections[index].descriptor, &buffer, buffer.count)
    if count <= 0 { fail(count == 0 ? "the server closed a connection" : "read: \(String(cString: strerror(errno)))") }
    connections[index].missing -= count
    let isWrong = isBegin && count >= 12 && !buffer[9..<12].elementsEqual("200".utf8)
    if isWrong || connections[index].missing < 0 {
      let begin = String(decoding: buffer[..<min(count, 500)], as: UTF8.self)
      fail("not 200, or not \(answerSize) bytes as before: \(begin)")
    }
  }

  /// Reads the first answer to its end, by its Content-Length.
  private func sizeOfFirstAnswer(_ descriptor: Int32) -> Int {
    var bytes: [UInt8] = []
    var size = Int.max
    while bytes.count < size {
      let count = read(descriptor, &buffer, buffer.count)
      if count <= 0 { fail("no whole answer: \(String(decoding: bytes.prefix(500), as: UTF8.self))") }
      bytes += buffer[..<count]
      let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
      let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
      guard let end = lines.firstIndex(of: "") else { continue }
      let lengths = lines[..<end].compactMap { line in
        line.lowercased().hasPrefix("content-length:") ? Int(line.drop { !$0.isNumber }) : nil
      }
      guard let length = lengths.first else { fail("no Content-Length in \(lines[..<end])") }
      size = lines[..<end].reduce(2) { $0 + $1.utf8.count + 2 } + length
    }
    return size
  }
}
