import SwirlDeferred
import SwirlReactor

extension RequestConnection {
  // MARK: - Receiving

  func received(_ bytes: Span<UInt8>) {
    receptions += 1
    splitter.append(bytes)
    isReading = true
    read()
    isReading = false
    fill()
    flush()
    settled()
  }

  private func read() {
    do {
      while state == .open, let frame = try splitter.next() {
        messageBytes += frame.count
        if messageBytes > limits.maximumMessageBytes {
          throw FramingError("a message of more than \(limits.maximumMessageBytes) bytes")
        }
        guard let message = try format.read(frame) else { continue }
        messageBytes = 0
        deliver(message.kind)
      }
    } catch { end(.connectionLost, cause: self.error(.invalidMessage, wasSent: true, cause: error)) }
  }

  private func deliver(_ message: RequestMessage<Response>.Kind) {
    switch message {
    case .push(let message): pushHandler.receive(message)
    case .next(let result): deliver(result, to: table.removeOldest())
    case .identified(let id, let result): deliver(result, to: table.remove(id))
    }
  }

  private func deliver(_ result: Result<Response, any Error>, to entry: RequestTable<Response>.Entry?) {
    guard let entry else { return end(.connectionLost, cause: error(.unexpectedResponse, wasSent: true)) }
    guard let response = entry.response else {
      givenUp -= 1
      return
    }
    if !response.isFired { response.fire(with: result) }
  }

  /// Some requests were given up by time.
  func expire(at now: Int64) -> Int64 {
    let over = table.giveUp { $0.deadline <= now }
    givenUp += over.count
    let late = over.filter { $0.response?.isFired == false }.sorted { $0.start < $1.start }
    let isSilent = limits.endsSilentConnections && late.contains { $0.receptions == receptions }
    // With all places of the window taken by given up requests, it would never send again.
    let isStuck = !late.isEmpty && isOrdered && givenUp == table.count && givenUp >= limits.window
    // Before the failures: their callbacks may send.
    let cause = error(.timedOut, wasSent: true)
    let rest = isSilent || isStuck ? takeRest(.connectionLost, cause: cause) : nil
    for entry in late { entry.response?.errback(error(.timedOut, wasSent: true)) }
    if let rest { finish(rest, .connectionLost, cause: cause) }
    settled()
    return RequestDeadlines.next(table.nextDeadline, searching: table.count, at: now)
  }
}
