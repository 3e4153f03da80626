import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlSystem

/// Runs a new reactor until the Deferred of `body` has its result, and returns that. A test that hangs fails instead.
@discardableResult
func withReactor<Value>(
  limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (Reactor) throws -> Deferred<Value>
) throws -> Value {
  let reactor = Reactor()
  var outcome: Result<Value, any Error>?
  let guardCall = reactor.callLater(limit) { [unowned reactor] in
    Issue.record("the test did not end within \(limit)", sourceLocation: sourceLocation)
    reactor.crash()
  }
  try body(reactor).addBoth { [unowned reactor] result in
    outcome = result
    reactor.stop()
  }
  reactor.run()
  guardCall.cancel()
  for call in reactor.delayedCalls { call.cancel() }
  return try #require(outcome, sourceLocation: sourceLocation).get()
}

/// The number of unreaped children of this process with this name: zombies and running ones.
func children(named name: String) -> Int {
  var count = 0
  guard let directory = opendir("/proc") else { return 0 }
  defer { closedir(directory) }
  while let entry = readdir(directory) {
    let number = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
    }
    guard Int(number) != nil, let file = fopen("/proc/\(number)/stat", "r") else { continue }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let line = String(decoding: bytes.prefix(fread(&bytes, 1, bytes.count, file)), as: UTF8.self)
    if line.contains("(\(name)) "), line.contains(" \(getpid()) ") { count += 1 }
  }
  return count
}

/// The open pipes and pidfds of this process. Other descriptors may belong to libraries.
func openPipes() -> Set<String> {
  Set(
    (0..<Int32(4096)).compactMap { descriptor in
      var target = [CChar](repeating: 0, count: 256)
      let length = readlink("/proc/self/fd/\(descriptor)", &target, 255)
      guard length > 0 else { return nil }
      let text = String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return text.hasPrefix("pipe:") || text.contains("pidfd") ? "\(descriptor) \(text)" : nil
    })
}

/// Whether no other pipes are open. Pipes of other suites disappear again, those to a process that a test waits
/// for after minutes on a busy machine; leaked ones stay.
func areNoPipesOpen(besides known: Set<String>) -> Bool {
  let limit = ContinuousClock.now + .seconds(600)
  while !openPipes().isSubset(of: known) {
    if ContinuousClock.now > limit { return false }
    sched_yield()
  }
  return true
}

/// Whether the process exists, a zombie included.
func exists(_ process: Int32) -> Bool { kill(process, 0) == 0 || errno == EPERM }

/// Whether the process exists and is not a zombie.
func isRunning(_ process: Int32) -> Bool {
  guard let file = fopen("/proc/\(process)/stat", "r") else { return false }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 512)
  let line = String(decoding: bytes.prefix(fread(&bytes, 1, bytes.count, file)), as: UTF8.self)
  return !line.isEmpty && !line.contains(") Z ")
}

extension [UInt8] {
  var text: String { String(decoding: self, as: UTF8.self) }
}

/// A directory that is removed with the object.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/swirl-system-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit {
    let entries = (try? names) ?? []
    for name in entries { unlink(path + "/" + name) }
    rmdir(path)
  }

  var names: [String] {
    get throws {
      let directory = try #require(opendir(path))
      defer { closedir(directory) }
      var names: [String] = []
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
      }
      return names.sorted()
    }
  }

  /// Writes a file, and returns its path.
  func file(_ name: String, _ text: String, mode: mode_t = 0o644) -> String {
    let path = path + "/" + name
    let file = fopen(path, "w")!
    fputs(text, file)
    fclose(file)
    chmod(path, mode)
    return path
  }
}
