import SwirlDeferred
import SwirlReactor

extension HTTPServer {
  /// The log that gets a line for each request; nil, the default, costs nothing. ``onFinish`` is called beside it.
  ///
  /// ```swift
  /// server.accessLog = .combined(to: .standardOutput)
  /// ```
  public var accessLog: AccessLog? {
    get { accessLogBuffer?.log }
    set {
      accessLogBuffer?.handOn()
      accessLogBuffer = newValue.map(AccessLogBuffer.init)
    }
  }
}

/// The lines of one server that are not handed to the writer yet.
final class AccessLogBuffer {
  let log: HTTPServer.AccessLog
  private var line = LogLine()
  private var lines = 0
  private var clock: LogClock
  private var timer: DelayedCall?

  init(_ log: HTTPServer.AccessLog) {
    self.log = log
    clock = LogClock(isUTC: log.isUTC)
  }

  deinit {
    timer?.cancel()
    handOn()
  }

  func add(_ record: HTTPServer.AccessRecord, on reactor: Reactor) {
    guard log.append(record, to: &line, &clock) else { return }
    switch log.destination {
    case .function(let body):
      let text = String(decoding: line.bytes.dropLast(), as: UTF8.self)
      line.bytes.removeAll(keepingCapacity: true)
      body(text)
    case .writer:
      lines += 1
      if line.bytes.count >= Self.batchBytes {
        handOn()
      } else if timer == nil {
        timer = reactor.callLater(Self.delay) { [weak self] in self?.handOn() }
      }
    }
  }

  /// Passes the lines to the writer.
  func handOn() {
    timer.take()?.cancel()
    guard case .writer(let writer) = log.destination, lines > 0 else { return }
    var bytes: [UInt8] = []
    swap(&bytes, &line.bytes)
    writer.append(bytes, lines: lines)
    lines = 0
  }

  /// Fires when all lines are written, or after two seconds.
  func flush(on reactor: Reactor) -> Deferred<Void> {
    handOn()
    guard case .writer(let writer) = log.destination else { return .succeed() }
    return writer.flush(on: reactor).addTimeout(.seconds(2), clock: reactor).addErrback { _ in }
  }

  private static let batchBytes = 32 * 1024
  private static let delay = Duration.milliseconds(100)
}
