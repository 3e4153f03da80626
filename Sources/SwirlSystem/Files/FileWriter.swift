public import SwirlDeferred
import SwirlReactor

/// Writes a file chunk by chunk, on threads, under a temporary name. `close()` renames it over the old file.
///
/// ```swift
/// let writer = reactor.files.writer(to: "page.html")
/// process.standardOutput.forEach { piece in writer.write(piece) }   // no faster than the disk
///   .addCallback { writer.close() }
/// ```
///
/// A stopping reactor completes the writes it has accepted. A writer that is released before `close()` deletes its
/// temporary file. Use it on the reactor's thread alone; callbacks run there.
public final class FileWriter {
  /// The file; invalid UTF-8 in its path is replaced by U+FFFD.
  public let path: String
  private unowned let reactor: Reactor
  private var file: Deferred<NewFile>
  private var isClosed = false

  init(_ path: SystemPath, on reactor: Reactor) {
    self.path = path.description
    self.reactor = reactor
    file = reactor.withFiles(path, purpose: .writing) { try NewFile(path) }
  }

  // Handles a failure that no `write` returned, so that it is not reported as unhandled.
  deinit { file.addBoth { _ in } }

  /// Writes `bytes` after all earlier ones; succeeds when they are written. Bytes that the disk has not taken stay in
  /// memory, so await each write before the next. After a failure every later call fails with the same error.
  public func write(_ bytes: [UInt8]) -> Deferred<Void> {
    perform { try $0.write(bytes) }
  }

  /// Writes a text in UTF-8.
  public func write(_ text: String) -> Deferred<Void> {
    write(Array(text.utf8))
  }

  /// Syncs the file to the disk and renames it to `path`. No write is possible after it.
  public func close() -> Deferred<Void> {
    let finished = perform { try $0.finish() }
    isClosed = true
    return finished
  }

  /// Renamed.
  @available(*, unavailable, renamed: "close()")
  public func finish() -> Deferred<Void> { fatalError() }

  /// Runs the calls in FIFO order, each when the previous one has ended.
  private func perform(_ body: @escaping @Sendable (NewFile) throws -> Void) -> Deferred<Void> {
    require(!isClosed, "the writer was closed: nothing can be written to it any more")
    let (reactor, name) = (reactor, "write \(path)")
    let before = file
    let done = before.addCallback { [unowned reactor] file in
      reactor.deferToThread(in: reactor.fileThreads.pool(isDevice: file.isDevice), name: name) {
        try body(file)
        return file
      }
    }
    // Cancelling it cancels the wait, not the write.
    let outcome = Deferred<Void>(canceller: { _ in })
    done.addBoth { result in if !outcome.isFired { outcome.fire(with: result.map { _ in }) } }
    file = done
    return outcome
  }
}

@available(*, unavailable, message: "A writer belongs to the thread of its reactor")
extension FileWriter: Sendable {}
