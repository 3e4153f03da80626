internal import HTTPTypes

/// One HTTP/1 connection of a server, without its I/O (RFC 9112): bytes and events in, one action at a time out.
///
/// The owner reports what happens (`answered`, `endOfInput`, `timedOut`, …), then calls `next` with the bytes it has
/// read and does what it returns until that is nil. What `next` has not used by then is kept by the owner and given
/// again. The machine holds no reference, knows no clock and calls no code of the program, so that a test or a fuzzer
/// drives it with values alone.
///
/// Its state is three parts that change each by its own events, as reading, answering and closing overlap: `input`,
/// `queue` and `output`.
package struct ServerMachine: Sendable {
  /// What the machine does with bytes of the client.
  enum Input: UInt8, Sendable, CaseIterable {
    /// Between requests, or in a head.
    case head
    /// In the content of a request.
    case content
    /// The last request may change the protocol: its answer decides what the bytes behind it are, so they wait.
    case upgrade
    /// No more requests are taken: the last one was the last, or was wrong. Bytes are dropped.
    case dropped
    /// The bytes belong to the next protocol.
    case handedOver
  }

  /// How far the connection is from its end.
  enum Output: UInt8, Sendable, CaseIterable {
    /// Answers are sent.
    case open
    /// The transport was asked to close or to abort.
    case closing
    /// Our direction was closed, and bytes of the client are dropped until it closes too.
    case lingering
    /// The connection has ended, or belongs to the next protocol.
    case over
  }

  /// What a connection takes from its client. See `HTTPServer.Configuration`.
  package struct Options: Sendable {
    package var limits = HTTPLimits()
    package var pipelineDepth = 1
    package var pipelineBytes = 64 * 1024
    package var lingerBytes = 1024 * 1024
    package var answersHalfClosedClients = false
    /// Whether handlers take content while it comes.
    package var streamsContent = false

    package init() {}
  }

  /// Actions that an event has caused, and that `next` returns.
  struct Due: OptionSet, Sendable {
    let rawValue: UInt16
    static let abort = Due(rawValue: 1)
    static let refuse = Due(rawValue: 2)
    static let failContent = Due(rawValue: 4)
    static let refuseHandler = Due(rawValue: 8)
    static let dropContent = Due(rawValue: 16)
    static let cancel = Due(rawValue: 32)
    static let flush = Due(rawValue: 64)
    static let handOver = Due(rawValue: 128)
    static let arm = Due(rawValue: 256)

    /// Those that come before reading.
    static let first: Due = [.abort, .refuse, .failContent, .refuseHandler, .dropContent, .cancel]
  }

  let options: Options
  var parser: RequestParser
  var input = Input.head
  var output = Output.open
  var queue = AnswerQueue()
  var due: Due = []

  // Reading
  package internal(set) var head: RequestHead?
  package internal(set) var failure: HTTPWireError?
  var trailers: HTTPFields?
  var content = IncomingContent()
  /// Whether the client closes the connection after the request that came last.
  var isLastRequest = false
  /// Whether the client has closed its direction.
  var hasInputEnded = false
  /// Whether the client may be sending still, though its bytes are dropped: a close would reset the connection, and the
  /// reset can destroy an answer on its way.
  var mayStillSend = false
  var droppedBytes = 0
  /// Whether the time for that is over.
  var hasLingered = false
  /// How many bytes the owner kept when `next` returned nil.
  var unreadBytes = 0
  package internal(set) var isReadingPaused = false

  // Answering
  package internal(set) var isDraining = false
  /// Whether a draining connection waits for one more request.
  var isLastRequestAwaited = false
  package internal(set) var isWritingPaused = false
  var refusal = ServerRefusal.malformed
  var isRefusalAnswer = false
  var firstCancelled = 0

  // Time
  var limit: ServerTimeLimit?
  /// Whether an idle client has not taken the last answer yet.
  var isTakingLastAnswer = false

  /// Whether answers are sent.
  package var isOpen: Bool { output == .open }

  /// A machine for a new connection.
  package init(_ options: Options) {
    self.options = options
    parser = RequestParser(limits: options.limits)
  }

  /// The next action for `input` from `offset`, which advances behind the used bytes; nil if the machine needs another
  /// event or read.
  package mutating func next(_ input: Span<UInt8>, at offset: inout Int) -> ServerAction? {
    if !due.isDisjoint(with: .first) { return nextDue() }
    if output == .open {
      // Before the answer: content that is there already costs its request no connection.
      if let action = read(input, at: &offset) { return action }
      if queue.isFirstReady {
        queue.beginSending()
        return .respond
      }
    }
    if self.input == .dropped { drop(input, at: &offset) }
    unreadBytes = input.count &- offset
    if due.contains(.flush) {
      due.remove(.flush)
      return .flush
    }
    return settle()
  }

  private mutating func nextDue() -> ServerAction {
    if take(.abort) { return .abort }
    if take(.failContent) { return .failContent(refusal, isAnswered: isRefusalAnswer) }
    if take(.refuse) { return .refuse(refusal) }
    if take(.refuseHandler) { return .refuseHandler }
    if take(.dropContent) { return .dropContent }
    due.remove(.cancel)
    return .cancel(from: firstCancelled)
  }

  private mutating func take(_ action: Due) -> Bool { due.remove(action) != nil }

  /// What follows when all input is used and everything ready is sent: the end, or reading and time.
  private mutating func settle() -> ServerAction? {
    switch output {
    case .open:
      if input == .dropped, queue.isEmpty { return close() }
    case .lingering:
      if hasLingered || droppedBytes > options.lingerBytes {
        output = .closing
        return .close
      }
    case .closing: return arm()
    case .over:
      if limit != nil {
        limit = nil
        return .disarm
      }
      return take(.handOver) ? .handOver : nil
    }
    if mayRead == isReadingPaused {
      isReadingPaused.toggle()
      return isReadingPaused ? .pauseReading : .resumeReading
    }
    return arm()
  }
}
