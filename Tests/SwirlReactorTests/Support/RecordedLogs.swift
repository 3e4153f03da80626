import Logging
import Synchronization

/// Runs `body` and returns its log messages, as `level: message`.
///
/// The reactor logs synchronously on its own thread, which is the test's: a task-local identifies the test of a line.
func recordedLogs(_ body: () throws -> Void) rethrows -> [String] {
  LogRecorder.isInstalled
  let recorder = LogRecorder()
  try LogRecorder.$current.withValue(recorder) { try body() }
  return recorder.lines.withLock { $0 }
}

private final class LogRecorder: Sendable {
  @TaskLocal static var current: LogRecorder?
  /// A process can set its log handler only once.
  static let isInstalled: Void = LoggingSystem.bootstrap { Handler(label: $0) }

  let lines = Mutex<[String]>([])

  struct Handler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
      LogRecorder.current?.lines.withLock { $0.append("\(event.level): \(event.message)") }
    }
  }
}
