package import SwirlDeferred
package import SwirlReactor

/// The threads on which a reactor reads and writes files. They are not those of the program's own work, which may block them for long.
package final class FileThreads {
  /// What a thread does with a file.
  package enum Purpose {
    /// When the reactor stops it does not wait for it; cancelled, it leaves its thread's place to others.
    case reading
    case writing
  }

  package let files = ThreadPool(size: 10, maximumAbandoned: 64, name: "swirl-files")
  /// For what may never end: a named pipe whose other end nobody opens, a terminal. There are many, and they hold up no file.
  package let devices = ThreadPool(size: 64, maximumAbandoned: 64, name: "swirl-devices")

  package func pool(isDevice: Bool) -> ThreadPool { isDevice ? devices : files }
}

extension Reactor {
  package var fileThreads: FileThreads { attached(FileThreads.self) { FileThreads() } }

  /// Does `work` with the files at `paths` on a thread. Where one of them is a device or a pipe, that is one of those for devices.
  package func withFiles<Value: Sendable>(
    _ paths: SystemPath..., purpose: FileThreads.Purpose, at site: CallSite = CallSite(),
    _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    // Asked for by path: to open a pipe, even for a moment, would tell the other end that someone reads it.
    onFileThread(isDevice: false, purpose, paths, site) { () -> Value? in
      try paths.contains(where: OpenFile.isSpecial) ? nil : try work()
    }.addCallback { [unowned self] value in
      if let value { return .succeed(value) }
      return onFileThread(isDevice: true, purpose, paths, site, work)
    }
  }

  private func onFileThread<Value: Sendable>(
    isDevice: Bool, _ purpose: FileThreads.Purpose, _ paths: [SystemPath], _ site: CallSite,
    _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    let outcome = deferToThread(
      in: fileThreads.pool(isDevice: isDevice), name: purpose == .writing ? paths.last.map { "write \($0)" } : nil,
      mayBeAbandoned: purpose == .reading, file: site.file, line: site.line, work)
    // It has a result at once only where the pool has refused it.
    guard outcome.isFired, let path = paths.last else { return outcome }
    return outcome.addErrback { throw FileError("open", path, reason: "\($0)") }
  }
}
