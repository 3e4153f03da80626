package import SwirlDeferred
package import SwirlReactor

/// The threads on which a reactor reads and writes files. They are separate from the threads of `deferToThread`, which
/// the program may block for long.
package final class FileThreads {
  /// What a thread does with a file.
  package enum Purpose {
    /// A stopping reactor does not wait for it. Cancelling it frees its place in the pool for other calls.
    case reading
    case writing
  }

  package let files = ThreadPool(size: 10, maximumAbandoned: 64, name: "swirl-files")
  /// For calls that may never return: opening a named pipe that has no peer, reading a terminal. There are many
  /// threads, and regular files do not wait for them.
  package let devices = ThreadPool(size: 64, maximumAbandoned: 64, name: "swirl-devices")

  package func pool(isDevice: Bool) -> ThreadPool { isDevice ? devices : files }
}

extension Reactor {
  package var fileThreads: FileThreads { attached(FileThreads.self) { FileThreads() } }

  /// Runs `work` with the files at `paths` on a file thread; on a device thread if one of them is a device or a pipe.
  package func withFiles<Value: Sendable>(
    _ paths: SystemPath..., purpose: FileThreads.Purpose, at site: CallSite = CallSite(),
    _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    // Checks by path: opening a pipe, even for a moment, would show its peer a reader.
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
    // The Deferred has fired already only if the pool refused the call.
    guard outcome.isFired, let path = paths.last else { return outcome }
    return outcome.addErrback { throw FileError("open", path, reason: "\($0)") }
  }
}
