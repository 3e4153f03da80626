#if HTTP2
import CNGHTTP2
import HTTPTypes

/// One end of an HTTP/2 connection (RFC 9113), without input and output: bytes in, events out, bytes when asked.
///
/// A shell passes what it reads to `receive`, and writes what `writeOutput` gives, after each call. The frames, HPACK,
/// windows and the states of streams are libnghttp2's; the files of this type and `FieldList` are the only ones that
/// see it.
package final class HTTP2Session {
  package enum Role: Sendable { case client, server }

  // Set at the end of `init`, and freed in `deinit`.
  @exclusivity(unchecked) private(set) var pointer: OpaquePointer!
  package let role: Role
  let settings: HTTP2Settings

  // Written by the library's callbacks, which run only during calls of this object, on one thread. Unchecked where a
  // request passes often: no access to one of these calls what accesses the same one. Other modules read by way of
  // computed properties: they would check a stored one, because its attribute is not seen there.
  let events = EventQueue()
  /// The bytes that are being read.
  @exclusivity(unchecked) var input: UnsafePointer<UInt8>?
  @exclusivity(unchecked) var scanner: FrameScanner
  @exclusivity(unchecked) var floods: FloodGuard
  /// The latest frame to which the session has queued something: after the GOAWAY of an error it answers no other.
  @exclusivity(unchecked) private var answered = FrameHeader()
  /// The fields that are being read.
  @exclusivity(unchecked) var fields: FieldReader
  /// Whether the peer is in the middle of a head or of trailers.
  package var isReadingSection: Bool { isInSection }
  @exclusivity(unchecked) private var isInSection = false
  /// What the library says about the frame that is being read.
  @exclusivity(unchecked) var complaint: String?
  /// Why the session ends because of the peer. An error that the library finds is known after `writeOutput`.
  @exclusivity(unchecked) package internal(set) var failure: HTTP2Error?
  /// The code with which the owner of this object ends the session.
  var ownCode: HTTP2ErrorCode?
  /// Streams that this session resets for an error of the peer that was reported.
  @exclusivity(unchecked) var reported: Set<Int32> = []
  /// The latest stream that a client has opened.
  @exclusivity(unchecked) var lastRequested: Int32 = 0
  /// Streams that the owner of this object resets.
  @exclusivity(unchecked) var ownResets: Set<Int32> = []

  // A server's.
  /// The latest stream of the client that was begun here.
  @exclusivity(unchecked) package internal(set) var lastPeerStream: Int32 = 0
  /// How much content of streams that were reset was not sent, until that is reported.
  @exclusivity(unchecked) var unsent: [Int32: Int] = [:]
  @exclusivity(unchecked) var openStreams = 0
  /// The highest stream that was reset here: frames for it and for those below may be in flight.
  @exclusivity(unchecked) var lastReset: Int32 = 0
  /// Streams without events: they are refused.
  @exclusivity(unchecked) var refused: Set<Int32> = []
  /// Streams above this one are refused.
  @exclusivity(unchecked) var lastTaken = Int32.max
  /// An error of the connection in the frame that is being read.
  @exclusivity(unchecked) var violation: (code: HTTP2ErrorCode, reason: String)?
  /// Streams whose priority came before their requests.
  @exclusivity(unchecked) var prioritized: Set<Int32> = []
  /// Whether the request that is being read is one of them.
  @exclusivity(unchecked) var isPrioritized = false

  // Outgoing.
  @exclusivity(unchecked) var outgoing = StreamTable<OutgoingContent>()
  /// The content that was sent last, for the next message.
  @exclusivity(unchecked) var spareContent: OutgoingContent?
  /// The bytes of content that were moved to the output, of all streams.
  package var sentContent: Int { movedContent }
  @exclusivity(unchecked) var movedContent = 0
  /// Streams whose writer may continue.
  @exclusivity(unchecked) var drained: [Int32] = []
  @exclusivity(unchecked) var list = FieldList()
  @exclusivity(unchecked) var output: [UInt8] = []
  @exclusivity(unchecked) var outputLimit = 0
  @exclusivity(unchecked) private var isFirstOutput = true

  package init(_ role: Role, _ settings: HTTP2Settings = HTTP2Settings()) {
    self.role = role
    self.settings = settings
    fields = FieldReader(limit: settings.fieldBytes)
    floods = FloodGuard(settings)
    scanner = FrameScanner(preface: role == .server ? Int(NGHTTP2_CLIENT_MAGIC_LEN) : 0)
    guard let made = Self.make(role, settings) else { fatalError("no memory for an HTTP/2 session") }
    pointer = made
    // Unretained: the library calls back only during calls of this object, and `deinit` frees it.
    nghttp2_session_set_user_data(pointer, Unmanaged.passUnretained(self).toOpaque())
    submitSettings()
  }

  deinit { nghttp2_session_del(pointer) }

  /// Calls `body` with the session that the library passes back, without counting a reference: the caller of the
  /// library has one.
  @inline(__always)
  static func with<Result>(_ userData: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Result) -> Result {
    Unmanaged<HTTP2Session>.fromOpaque(userData!)._withUnsafeGuaranteedRef(body)
  }

  static func text(_ code: some BinaryInteger) -> String { String(cString: nghttp2_strerror(Int32(code))) }

  // MARK: - Reading

  /// Reads `bytes`, and passes what is in them to `handle`, in order. `handle` may call this object.
  ///
  /// An error of the peer that concerns the connection is answered by GOAWAY, which `writeOutput` gives; after it
  /// `isOver` is true, and `failure` says why. Throws if that is known at once, with the GOAWAY queued.
  ///
  /// - Parameter now: the time in nanoseconds, for limits on rates; without it they are limits on numbers.
  package func receive(
    _ bytes: Span<UInt8>, at now: Int64 = 0, _ handle: (HTTP2Event) -> Void
  ) throws(HTTP2Error) {
    let hadFailed = failure != nil
    bytes.withUnsafeBufferPointer { read($0, at: now) }
    handleEvents(handle)
    if !hadFailed, let failure { throw failure }
  }

  /// Passes the events that output has caused to `handle`: call it after `writeOutput`.
  package func handleEvents(_ handle: (HTTP2Event) -> Void) {
    // Those that handlers cause wait for the next call.
    var left = events.count
    while left > 0, let event = events.next() {
      left -= 1
      handle(event)
      if !unsent.isEmpty, case .closed(let stream, _) = event { unsent[stream] = nil }
    }
  }

  /// Whether events wait for `handleEvents`.
  package var hasEvents: Bool { !events.isEmpty }

  /// Reads frame by frame, so that each is counted, and an error is known to be that frame's.
  private func read(_ bytes: UnsafeBufferPointer<UInt8>, at now: Int64) {
    input = bytes.baseAddress
    defer { input = nil }
    var start = 0
    while start < bytes.count, failure == nil {
      let rest = UnsafeBufferPointer(rebasing: bytes[start...])
      let (count, beginsFrame) = scanner.next(rest)
      // Fields have limits of their own, and earn their bytes at their end.
      if !isInSection { floods.charge(count) }
      if beginsFrame {
        if let (code, reason) = ruleBroken(by: scanner.frame) { return end(code, reason) }
        beginFrame()
      }
      let queued = pendingFrames
      let code = nghttp2_session_mem_recv(pointer, rest.baseAddress, count)
      if code < 0 { return endForLibrary(code) }
      if pendingFrames > queued { answered = scanner.frame }
      if let violation { return end(violation.code, violation.reason) }
      if overflowsWindow(scanner.frame, queued: pendingFrames - queued) {
        return end(.flowControlError, "SETTINGS: the window of a stream exceeds 2^31-1 bytes (RFC 9113 §6.9.2)")
      }
      if scanner.isBetweenFrames { endFrame() }
      start += count
    }
    if let reason = floods.excess(at: now) { end(.enhanceYourCalm, reason) }
    if role == .server, pendingFrames > settings.pendingFrames {
      end(
        .enhanceYourCalm,
        "more than \(settings.pendingFrames) frames wait for a client that does not read (RFC 9113 §10.5)")
    }
  }

  private func beginFrame() {
    complaint = nil
    switch scanner.frame.type {
    case FrameHeader.headers:
      isInSection = true
      floods.beginSection()
    case FrameHeader.continuation: floods.continueSection()
    case FrameHeader.settings: floods.chargeSettings()
    // That of a stream which this side has reset, too: it was on its way.
    case FrameHeader.data where !scanner.frame.isPadded: floods.earn(4 * scanner.frame.length)
    default: break
    }
  }

  private func endFrame() {
    let frame = scanner.frame
    guard frame.type == FrameHeader.headers || frame.type == FrameHeader.continuation else { return }
    if frame.flags & UInt8(NGHTTP2_FLAG_END_HEADERS.rawValue) != 0 { isInSection = false }
    // The library ignores new streams after GOAWAY; a client that is refused may repeat at once (RFC 9113 §8.7).
    guard frame.type == FrameHeader.headers, role == .server, frame.stream > lastTaken, frame.stream > lastPeerStream
    else { return }
    floods.chargeReset()
    nghttp2_submit_rst_stream(
      pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), frame.stream, HTTP2ErrorCode.refusedStream.rawValue)
  }

  // MARK: - Errors

  /// Ends the session because of the peer.
  private func end(_ code: HTTP2ErrorCode, _ reason: String) {
    if failure != nil { return }
    failure = HTTP2Error(code: code, stream: 0, reason: reason)
    nghttp2_session_terminate_session(pointer, code.rawValue)
  }

  private func endForLibrary(_ code: Int) {
    switch nghttp2_error(Int32(code)) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      end(.protocolError, "the client does not begin with the preface of HTTP/2 (RFC 9113 §3.4)")
    case NGHTTP2_ERR_FLOODED:
      end(
        .enhanceYourCalm,
        "more than \(settings.pendingAnswers) answers to PING and SETTINGS wait for the peer (RFC 9113 §10.5)")
    default: end(.internalError, "\(scanner.frame.name): \(Self.text(code))")
    }
  }

  /// The library ends the session.
  func libraryEnded(_ code: HTTP2ErrorCode, _ debug: String) {
    guard failure == nil, code != .noError, code != ownCode else { return }
    let place = answered.stream == 0 ? answered.name : "\(answered.name) on stream \(answered.stream)"
    failure = HTTP2Error(code: code, stream: 0, reason: "\(place): \(Self.rule(code, debug, answered))")
  }

  /// What is wrong with a frame. The library's text begins with the name of the frame, if it says anything.
  private static func rule(_ code: HTTP2ErrorCode, _ debug: String, _ frame: FrameHeader) -> String {
    if let colon = debug.firstIndex(of: ":"), debug[..<colon].hasSuffix(frame.name) {
      return debug[debug.index(after: colon)...].drop { $0 == " " } + ""
    }
    if !debug.isEmpty { return debug }
    switch code {
    case .frameSizeError: return "its length is \(frame.length) bytes (RFC 9113 §4.2)"
    case .compressionError: return "its fields cannot be decompressed, or one is larger than 64 KiB (RFC 9113 §4.3)"
    case .flowControlError: return "it exceeds a window (RFC 9113 §6.9.1)"
    case .streamClosed: return "the stream is closed (RFC 9113 §5.1)"
    default: return "it breaks the protocol"
    }
  }

  /// Resets a stream because of the peer, and reports it.
  func end(_ stream: Int32, _ code: HTTP2ErrorCode, _ reason: String) {
    report(stream, code, reason)
    nghttp2_submit_rst_stream(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
  }

  func report(_ stream: Int32, _ code: HTTP2ErrorCode, _ reason: String) {
    guard reported.insert(stream).inserted else { return }
    if role == .server { floods.chargeReset() }
    events.append(.streamError(HTTP2Error(code: code, stream: stream, reason: reason)))
  }

  // MARK: - Output

  /// How much a wire writes at once.
  package static let outputPart = 64 * 1024

  /// The bytes that are to be sent now, up to about `limit`; nil if there are no bytes.
  package func takeOutput(atMost limit: Int = HTTP2Session.outputPart) -> [UInt8]? {
    var taken: [UInt8] = []
    return writeOutput(to: &taken, atMost: limit) ? taken : nil
  }

  /// Writes the bytes that are to be sent now, up to about `limit`, to an empty buffer, which keeps its memory; false
  /// if there are no bytes.
  package func writeOutput(to buffer: inout [UInt8], atMost limit: Int = 64 * 1024) -> Bool {
    swap(&output, &buffer)
    defer { swap(&output, &buffer) }
    outputLimit = limit
    var frame: UnsafePointer<UInt8>?
    while output.count < limit {
      // Content is not in what the library gives: see `send`.
      let count = nghttp2_session_mem_send(pointer, &frame)
      guard count > 0, let frame else { break }
      output.append(contentsOf: UnsafeBufferPointer(start: frame, count: count))
      if isFirstOutput { announceStreamLimit() }
    }
    return !output.isEmpty
  }

  /// Writes the limit on streams into the first frame, which is SETTINGS.
  ///
  /// The library knows a larger number: it ends the connection when a peer exceeds what it knows, where one stream is
  /// to be refused (RFC 9113 §5.1.2). See `beginRequest`. It counts those that are refused until that is sent.
  private func announceStreamLimit() {
    isFirstOutput = false
    guard role == .server else { return }
    precondition(output[10] == UInt8(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue))
    withUnsafeBytes(of: UInt32(settings.streams).bigEndian) { output.replaceSubrange(11..<15, with: $0) }
  }

  /// How many frames other than content wait for `writeOutput`: a shell that cannot write may stop reading for a while.
  package var pendingFrames: Int { nghttp2_session_get_outbound_queue_size(pointer) }

  /// Whether the connection is to be closed, when all output is sent.
  package var isOver: Bool { nghttp2_session_want_read(pointer) == 0 && nghttp2_session_want_write(pointer) == 0 }

  /// Whether `writeOutput` has something to write.
  package var hasOutput: Bool { nghttp2_session_want_write(pointer) != 0 }

  /// The streams whose writers may continue.
  package func takeDrained() -> [Int32] {
    if drained.isEmpty { return [] }
    var streams: [Int32] = []
    swap(&streams, &drained)
    return streams
  }
}
#endif
