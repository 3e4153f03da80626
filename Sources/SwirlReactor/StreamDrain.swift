package import SwirlDeferred

extension ReactorStream {
  /// Takes all elements on the reactor's thread: calls `body` with each, and waits for the Deferred that it returns
  /// before the next.
  ///
  /// It may call `body` before it returns. What it gives fires at the end; it fails with what `body` throws or what
  /// ended the source. Cancelling it, like an error of `body`, stops the source.
  package func drain(_ body: @escaping (Element) throws -> Deferred<Void>?) -> Deferred<Void> {
    let drain = StreamDrain(self, body)
    drain.run()
    return drain.done
  }
}

/// A loop over a stream on its reactor's thread.
private final class StreamDrain<Element: Sendable> {
  private var reader: ReactorStream<Element>.AsyncIterator?
  private let body: (Element) throws -> Deferred<Void>?
  private(set) var done = Deferred<Void>()
  /// What `body` asked to wait for.
  private var pause: Deferred<Void>?
  private var isRunning = false

  init(_ stream: ReactorStream<Element>, _ body: @escaping (Element) throws -> Deferred<Void>?) {
    reader = stream.makeAsyncIterator()
    self.body = body
    done = Deferred(canceller: { [weak self] deferred in
      self?.end()
      deferred.errback(CancelledError())
    })
  }

  func run() {
    // Re-entrant call: the loop below us on the stack takes what there is.
    if isRunning { return }
    isRunning = true
    defer { isRunning = false }
    while pause == nil, let reader {
      // The buffer keeps this alive until there is more.
      let polled = reader.poll(orCall: { self.run() })
      // Resuming the source may have run code that cancelled this.
      if self.reader == nil { return }
      switch polled {
      case .nothingYet: return
      case .element(let element): take(element)
      case .end:
        end()
        done.callback(())
      case .failure(let error): fail(error)
      }
    }
  }

  private func take(_ element: Element) {
    do {
      guard let pause = try body(element), reader != nil else { return }
      self.pause = pause
      pause.addBoth { [self] outcome in
        self.pause = nil
        if reader == nil { return }
        if case .failure(let error) = outcome { return fail(error) }
        run()
      }
    } catch { fail(error) }
  }

  private func fail(_ error: any Error) {
    // `body` may have cancelled this before it threw.
    if reader == nil { return }
    end()
    done.errback(error)
  }

  /// Takes no more. Releasing the reader stops a source that has more.
  private func end() {
    reader = nil
    pause.take()?.cancel()
  }
}
