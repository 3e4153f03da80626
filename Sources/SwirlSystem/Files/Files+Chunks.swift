public import SwirlDeferred
public import SwirlReactor

extension Files {
  /// Calls `body` with the bytes of a file, chunk by chunk, on the reactor's thread; succeeds at EOF.
  ///
  /// It reads the next chunk when the Deferred that `body` returned has fired. An error that `body` throws, or that its
  /// Deferred fails with, ends the reading.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - size: the maximum number of bytes in a chunk.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  ///   - body: receives the chunks in order, never an empty one.
  public func forEachChunk(
    of path: some SystemBytes, size: Int = 128 * 1024, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (_ chunk: [UInt8]) throws -> Deferred<Void>
  ) -> Deferred<Void> {
    require(size > 0, "chunks of \(size) bytes would never come to the end")
    let reading = ChunkReading(SystemPath(path), size: size, on: reactor, body)
    return reading.start(CallSite(file: file, line: line))
  }

  /// The bytes of a file, chunk by chunk, for async code on any thread. It reads the next chunk when the loop has taken
  /// the last one.
  ///
  /// Leaving the loop, or cancelling its task, closes the file.
  /// - Parameters:
  ///   - path: the file.
  ///   - size: the maximum number of bytes in a chunk.
  public func chunks(of path: some SystemBytes, size: Int = 128 * 1024) -> ReactorStream<[UInt8]> {
    let buffer = StreamBuffer<[UInt8]>(on: reactor.remote, high: 0, low: 0) { $0.count }
    FileStream(buffer).start { forEachChunk(of: path, size: size, $0) }
    return ReactorStream(buffer)
  }

  /// A file to write chunk by chunk. It appears at `path` when it is finished: see ``FileWriter``.
  public func writer(to path: some SystemBytes) -> FileWriter { FileWriter(SystemPath(path), on: reactor) }
}

/// Reads one file, chunk after chunk.
private final class ChunkReading {
  private let path: SystemPath
  private let size: Int
  private let body: ([UInt8]) throws -> Deferred<Void>
  private unowned let reactor: Reactor
  /// The pending step: a thread that reads, or the consumer's Deferred.
  private var step: (any CancellableCall)?
  private var isOver = false

  init(_ path: SystemPath, size: Int, on reactor: Reactor, _ body: @escaping ([UInt8]) throws -> Deferred<Void>) {
    self.path = path
    self.size = size
    self.reactor = reactor
    self.body = body
  }

  func start(_ site: CallSite) -> Deferred<Void> {
    let done = Deferred<Void>(canceller: { [weak self] _ in self?.cancel() }, file: site.file, line: site.line)
    let opening = reactor.withFiles(path, purpose: .reading) { [path] in
      let file = try OpenFile(path, .read)
      return (file, file.isDevice)
    }
    step = opening
    opening.addBoth { [self] result in
      switch result {
      case .success((let file, let isDevice)):
        next(of: file, in: reactor.fileThreads.pool(isDevice: isDevice), done)
      case .failure(let error): end(done, error)
      }
    }
    return done
  }

  private func next(of file: OpenFile, in pool: ThreadPool, _ done: Deferred<Void>) {
    if isOver { return }
    let reading = reactor.deferToThread(in: pool, mayBeAbandoned: true) { [size] in try file.read(atMost: size) }
    step = reading
    reading.addBoth { [self] result in
      do {
        guard let chunk = try result.get() else { return end(done, nil) }
        if isOver { return }
        let taking = try body(chunk)
        step = taking
        taking.addBoth { [self] result in
          if case .failure(let error) = result { end(done, error) } else { next(of: file, in: pool, done) }
        }
      } catch { end(done, error) }
    }
  }

  private func cancel() {
    isOver = true
    step.take()?.cancel()
  }

  private func end(_ done: Deferred<Void>, _ error: (any Error)?) {
    step = nil
    guard !isOver else { return }
    isOver = true
    if let error { done.errback(error) } else { done.callback() }
  }
}

/// Connects the reading of a file with the task that takes the chunks.
private final class FileStream {
  private let buffer: StreamBuffer<[UInt8]>
  private var reading: Deferred<Void>?
  /// Set while the task's buffer is full: fire it to read more.
  private var pause: Deferred<Void>?

  init(_ buffer: StreamBuffer<[UInt8]>) { self.buffer = buffer }

  func start(_ read: (@escaping ([UInt8]) throws -> Deferred<Void>) -> Deferred<Void>) {
    // The buffer retains this until EOF.
    buffer.setSource(
      .init(
        pause: { [self] in if pause == nil { pause = Deferred() } }, resume: { [self] in pause.take()?.callback() },
        stop: { [self] in
          self.reading?.cancel()
          self.reading = nil
        }))
    let reading = read { [buffer, weak self] chunk in
      buffer.put(chunk)
      guard let pause = self?.pause else { return .succeed() }
      return pause
    }
    self.reading = reading
    reading.addBoth { [buffer] result in
      switch result {
      case .success: buffer.finish()
      case .failure(let error): buffer.finish(throwing: error)
      }
    }
  }
}
