package import HTTPTypes

extension ServerMachine {
  /// Removes and returns the head of the latest request.
  package mutating func takeHead() -> RequestHead? { head.take() }

  /// Removes and returns its trailer fields.
  package mutating func takeTrailers() -> HTTPFields? { trailers.take() }

  /// The content limit of the latest request; nil for no limit.
  package var contentLimit: Int? {
    get { parser.limits.bodyBytes }
    set { parser.limits.bodyBytes = newValue }
  }

  /// Whether the handler of the latest request takes its content as it comes. To be set at `ServerAction.head`; by
  /// default as the options say.
  package var streamsContent: Bool {
    get { content.streams }
    set { content.streams = newValue }
  }

  /// The number of content bytes received for it.
  package var receivedContent: Int { content.received }

  /// Whether the machine may take another event of the parser. Without these limits a client that sends and never reads
  /// would use all memory.
  @inline(__always) private var mayParse: Bool {
    switch input {
    case .content where content.isStreamed: !content.isPaused
    case .head, .content:
      !isWritingPaused && queue.count < options.pipelineDepth && queue.heldBytes < options.pipelineBytes
    case .upgrade, .dropped, .handedOver: false
    }
  }

  /// Whether to read: ahead up to a limit, because only a read reveals that a waiting client has disconnected.
  @inline(__always) var mayRead: Bool {
    if input == .dropped { return output == .lingering || droppedBytes <= options.lingerBytes }
    return unreadBytes < options.pipelineBytes || mayParse
  }

  mutating func read(_ input: Span<UInt8>, at offset: inout Int) -> ServerAction? {
    if mayParse {
      // Fast path for the end of a read: without calling the parser.
      if self.input == .head, offset == input.count, !hasInputEnded { return nil }
      if let action = parse(input, at: &offset) { return action }
    }
    if self.input != .content { return nil }
    if content.isUndelivered {
      content.isUndelivered = false
      return .deliverContent
    }
    if content.owesContinue, !content.withholdsContinue, isContentNext {
      content.owesContinue = false
      due.insert(.flush)
      return .sendContinue
    }
    return nil
  }

  /// Whether all answers before that to the request whose content is to come are sent, and it is not answered itself.
  private var isContentNext: Bool {
    content.isStreamed ? !content.isAbandoned && queue.count == 1 && queue.isFirstAwaited : queue.isEmpty
  }

  private mutating func parse(_ input: Span<UInt8>, at offset: inout Int) -> ServerAction? {
    if self.input == .content, content.streams, !content.isStreamed, let action = beginStream() {
      return action
    }
    do throws(HTTPWireError) {
      repeat {
        switch try parser.next(input, at: &offset) {
        case .needMore:
          if hasInputEnded { dropRest() }
          return nil
        case .head(let head):
          guard head.framing == .none else { return begin(head) }
          // It ends with its head: the parser says so without input.
          guard case .end = try parser.next(input, at: &offset) else {
            preconditionFailure("content without framing")
          }
          return receivedAll(head)
        case .data(let range):
          if let action = received(range) { return action }
        case .end(let trailers): return endContent(trailers)
        }
      } while mayParse
      return nil
    } catch {
      failure = error
      refuse(.malformed)
      return nextRefusal()
    }
  }

  private mutating func nextRefusal() -> ServerAction {
    if due.remove(.failContent) != nil { return .failContent(refusal, isAnswered: isRefusalAnswer) }
    due.remove(.refuse)
    return .refuse(refusal)
  }

  // MARK: - Requests

  private mutating func receivedAll(_ head: RequestHead) -> ServerAction {
    self.head = head
    if head.expectsOther {
      refuse(.expectation, isRequestWhole: true)
      return nextRefusal()
    }
    isLastRequest = !head.isPersistent
    return .request(number: enqueue(head.byteCount, offersUpgrade: head.offersUpgrade))
  }

  private mutating func enqueue(_ bytes: Int, offersUpgrade: Bool) -> Int {
    due.insert(.arm)
    input = offersUpgrade ? .upgrade : isLastRequest ? .dropped : .head
    return queue.append(.awaited, bytes: bytes)
  }

  private mutating func begin(_ head: RequestHead) -> ServerAction {
    contentLimit = options.limits.bodyBytes
    content = IncomingContent()
    content.owesContinue = head.expectsContinue
    content.streams = options.streamsContent
    input = .content
    isLastRequest = !head.isPersistent
    let expectsOther = head.expectsOther
    self.head = head
    if expectsOther {
      refuse(.expectation)
      return nextRefusal()
    }
    return .head
  }

  /// Calls the handler before the content comes, unless the parser is about to refuse the content for its length.
  private mutating func beginStream() -> ServerAction? {
    guard let head else { return nil }
    if let length = head.contentLength, let limit = contentLimit, length > limit { return nil }
    content.isStreamed = true
    content.offersUpgrade = head.offersUpgrade
    due.insert(.arm)
    return .streamedRequest(number: queue.append(.awaited, bytes: head.byteCount))
  }

  private mutating func received(_ range: Range<Int>) -> ServerAction? {
    content.received += range.count
    // A client that sends its content at once does not wait for a 100.
    content.owesContinue = false
    due.insert(.arm)
    if content.isAbandoned {
      content.abandonedBytes += range.count
      if content.abandonedBytes > options.lingerBytes { content.isPaused = true }
      return nil
    }
    content.isUndelivered = content.isStreamed
    return .content(range)
  }

  private mutating func endContent(_ trailers: HTTPFields?) -> ServerAction {
    self.trailers = trailers
    if content.isStreamed {
      due.insert(.arm)
      input = content.offersUpgrade ? .upgrade : isLastRequest || content.isAnswerLast ? .dropped : .head
      content = IncomingContent()
      return .contentEnded
    }
    let bytes = (head?.byteCount ?? 0) + content.received
    let offersUpgrade = head?.offersUpgrade ?? false
    content = IncomingContent()
    return .request(number: enqueue(bytes, offersUpgrade: offersUpgrade))
  }

  // MARK: - What the handler does with streamed content

  /// A client that waits for a 100 gets it when the handler reads the content: a handler that answers without reading
  /// it saves the client from sending it (RFC 9110 §10.1.1).
  package mutating func withholdContinue() { content.withholdsContinue = true }

  /// The handler reads the content.
  package mutating func contentWanted() { content.withholdsContinue = false }

  /// Whether a 100 goes before the answer that begins now: one that is streamed may need the content, and behind its
  /// head no 100 can be sent.
  package mutating func takeContinue() -> Bool {
    guard content.owesContinue, content.isStreamed, !content.isAbandoned, queue.count == 1 else { return false }
    content.owesContinue = false
    return true
  }

  /// The handler takes no more at present.
  package mutating func pauseContent() { content.isPaused = true }

  /// The handler takes more.
  package mutating func resumeContent() { content.isPaused = false }

  /// The handler takes no more: what still comes is dropped, as much as after an answer.
  package mutating func abandonContent() {
    content.isPaused = false
    content.isAbandoned = true
  }

  /// The content of the last head is not wanted: the owner has an answer at hand, which closes the connection. Returns
  /// the number of the request.
  package mutating func declineContent() -> Int {
    stopReading()
    return queue.append(.ready, bytes: head?.byteCount ?? 0)
  }

  // MARK: - The end of reading

  /// No more requests are taken, while the client may be sending.
  mutating func stopReading() {
    input = .dropped
    content = IncomingContent()
    mayStillSend = true
    due.insert(.arm)
  }

  /// Stops reading the content of a request whose answer needs no more of it, or which gets no answer.
  mutating func dropContent() {
    guard content.isStreamed else { return }
    stopReading()
    due.insert(.dropContent)
  }

  /// The client has closed its direction in a head, in content, or where it should.
  private mutating func dropRest() {
    input = .dropped
    content = IncomingContent()
    head = nil
  }

  mutating func drop(_ input: Span<UInt8>, at offset: inout Int) {
    let rest = input.count - offset
    if rest == 0 { return }
    offset = input.count
    droppedBytes += rest
    mayStillSend = true
  }

  /// Answers what is no request that a handler can be given.
  mutating func refuse(_ reason: ServerRefusal, isRequestWhole: Bool = false) {
    refusal = reason
    if content.isStreamed {
      // An answer that is being sent already is not interrupted.
      isRefusalAnswer = queue.makeReady(queue.lastNumber, bytes: 0)
      stopReading()
      due.insert(.failContent)
    } else {
      let mayHaveSent = mayStillSend
      stopReading()
      if isRequestWhole { mayStillSend = mayHaveSent }
      _ = queue.append(.ready, bytes: 0)
      due.insert(.refuse)
    }
  }
}

extension RequestHead {
  /// Whether the bytes behind the request may belong to another protocol (RFC 9110 §7.8, §9.3.6).
  var offersUpgrade: Bool { targetForm == .authority || upgrade != nil }
}
