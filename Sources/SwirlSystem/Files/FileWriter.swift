public import SwirlDeferred
import SwirlReactor

/// A file that is written chunk by chunk, on threads, beside the one whose place it takes in the end.
///
/// ```swift
/// let writer = reactor.files.writer(to: "page.html")
/// process.standardOutput.forEach { piece in writer.write(piece) }   // no faster than the disk
///   .addCallback { writer.finish() }
/// ```
///
/// A reactor that stops writes what it was given before. One that is let go of unfinished leaves nothing. Everything is used and called on the reactor's thread.
public final class FileWriter {
  /// The file; bytes of its path that are no UTF-8 are repaired.
  public let path: String
  private unowned let reactor: Reactor
  private var file: Deferred<NewFile>
  private var isFinished = false

  init(_ path: SystemPath, on reactor: Reactor) {
    self.path = path.description
    self.reactor = reactor
    file = reactor.withFiles(path, purpose: .writing) { try NewFile(path) }
  }

  // A failure that no write has seen is nobody's.
  deinit { file.addBoth { _ in } }

  /// Writes `bytes` after what was written before; succeeds when they are written. What waits for the disk is in memory: wait for one
  /// before the next. After a failure every call fails with it.
  public func write(_ bytes: [UInt8]) -> Deferred<Void> {
    perform { try $0.write(bytes) }
  }

  /// Writes a text in UTF-8.
  public func write(_ text: String) -> Deferred<Void> {
    write(Array(text.utf8))
  }

  /// Gives the file its name when all is written and on the disk. Nothing can be written after it.
  public func finish() -> Deferred<Void> {
    let finished = perform { try $0.finish() }
    isFinished = true
    return finished
  }

  /// In the order of the calls, each when the one before has ended.
  private func perform(_ body: @escaping @Sendable (NewFile) throws -> Void) -> Deferred<Void> {
    require(!isFinished, "the file was finished: nothing can be written to it any more")
    let (reactor, name) = (reactor, "write \(path)")
    let before = file
    let done = before.addCallback { [unowned reactor] file in
      reactor.deferToThread(in: reactor.fileThreads.pool(isDevice: file.isDevice), name: name) {
        try body(file)
        return file
      }
    }
    // What is cancelled is a wait, not the file.
    let outcome = Deferred<Void>(canceller: { _ in })
    done.addBoth { result in if !outcome.isFired { outcome.fire(with: result.map { _ in }) } }
    file = done
    return outcome
  }
}

@available(*, unavailable, message: "A writer belongs to the thread of its reactor")
extension FileWriter: Sendable {}
