#if HTTP2
import CNGHTTP2
package import HTTPTypes

/// One end of an HTTP/2 connection (RFC 9113), without input and output: bytes in, events out, bytes when asked.
///
/// A shell passes what it reads to `receive`, and writes what `takeOutput` gives, after each call. The frames, HPACK,
/// windows and the states of streams are libnghttp2's; this is the only file, with its callbacks, that sees it.
package final class HTTP2Session {
  package enum Role: Sendable { case client, server }

  // Set at the end of `init`, and freed in `deinit`.
  private var pointer: OpaquePointer!
  package let role: Role
  let settings: HTTP2Settings
  // Written by the library's callbacks, which run only during calls of this object.
  var events: [HTTP2Event] = []
  /// The bytes that are being read.
  var input: UnsafePointer<UInt8>?
  /// The section of fields that is being read.
  var section: FieldSection?
  var isSectionTooLong = false
  var outgoing: [Int32: OutgoingContent] = [:]
  /// Streams whose writer may continue.
  private(set) var drained: [Int32] = []
  /// The streams that the server has reset, until their `closed` was handled. Of a client only.
  var resets: Set<Int32> = []
  /// The latest complaint about the peer's bytes.
  package internal(set) var complaint: String?
  /// Whether the peer was told to begin no more streams.
  private var isShutDown = false

  package init(_ role: Role, _ settings: HTTP2Settings = HTTP2Settings()) throws(HTTP2Error) {
    self.role = role
    self.settings = settings
    var option: OpaquePointer?
    guard nghttp2_option_new(&option) == 0 else { throw HTTP2Error(description: "no memory for an HTTP/2 session") }
    defer { nghttp2_option_del(option) }
    // The windows follow the consumer: see `consume`.
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_max_send_header_block_length(option, 1 << 20)
    let code =
      role == .client
      ? nghttp2_session_client_new2(&pointer, Self.callbacks, nil, option)
      : nghttp2_session_server_new2(&pointer, Self.callbacks, nil, option)
    guard code == 0 else { throw HTTP2Error(description: "no memory for an HTTP/2 session") }
    // Unretained: the library calls back only during calls of this object, and `deinit` frees it.
    nghttp2_session_set_user_data(pointer, Unmanaged.passUnretained(self).toOpaque())
    submitSettings()
  }

  deinit { nghttp2_session_del(pointer) }

  static func of(_ userData: UnsafeMutableRawPointer?) -> HTTP2Session {
    Unmanaged<HTTP2Session>.fromOpaque(userData!).takeUnretainedValue()
  }

  private func submitSettings() {
    var entries = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(settings.streamWindow)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: UInt32(settings.fieldBytes)),
      // Priorities of RFC 7540 mean nothing here (RFC 9218 §2.1).
      nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1),
    ]
    switch role {
    case .client:
      entries.append(nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    case .server:
      entries.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: UInt32(settings.streams)))
    }
    // These fail only for values out of range, or without memory, which Swift does not survive either.
    let code = nghttp2_submit_settings(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count)
    precondition(code == 0, "HTTP/2 settings: \(Self.text(code))")
    nghttp2_session_set_local_window_size(
      pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(settings.connectionWindow))
  }

  static func text(_ code: some BinaryInteger) -> String { String(cString: nghttp2_strerror(Int32(code))) }

  // MARK: - Reading

  /// Reads `bytes`, and passes what is in them to `handle`, in order. `handle` may call this object.
  ///
  /// An error of the peer that concerns the connection is answered by GOAWAY, which `takeOutput` gives; after it
  /// `isOver` is true.
  package func receive(
    _ bytes: Span<UInt8>, _ handle: (HTTP2Event) -> Void
  ) throws(HTTP2Error) {
    let count = bytes.withUnsafeBufferPointer { buffer -> Int in
      input = buffer.baseAddress
      defer { input = nil }
      return nghttp2_session_mem_recv(pointer, buffer.baseAddress, buffer.count)
    }
    // Handlers may not read, so the array can lend itself to the loop.
    var found: [HTTP2Event] = []
    swap(&found, &events)
    for event in found { handle(event) }
    found.removeAll(keepingCapacity: true)
    swap(&found, &events)
    guard count >= 0 else {
      throw HTTP2Error(description: complaint ?? Self.text(count))
    }
  }

  /// Content was taken: the peer may send as much again on this stream.
  package func consume(_ count: Int, of stream: Int32) {
    nghttp2_session_consume_stream(pointer, stream, count)
  }

  /// Content was taken off the connection, so that other streams are not held up.
  package func consumeConnection(_ count: Int) {
    nghttp2_session_consume_connection(pointer, count)
  }

  // MARK: - Writing

  /// The bytes that are to be sent now, up to about `limit`; nil for none.
  package func takeOutput(atMost limit: Int = 64 * 1024) -> [UInt8]? {
    var output: [UInt8] = []
    var frame: UnsafePointer<UInt8>?
    while output.count < limit {
      let count = nghttp2_session_mem_send(pointer, &frame)
      guard count > 0, let frame else { break }
      if output.isEmpty { output.reserveCapacity(min(max(count, 512), limit)) }
      output.append(contentsOf: UnsafeBufferPointer(start: frame, count: count))
    }
    return output.isEmpty ? nil : output
  }

  /// Whether the connection is to be closed, when all output is sent.
  package var isOver: Bool { nghttp2_session_want_read(pointer) == 0 && nghttp2_session_want_write(pointer) == 0 }

  /// The streams whose writers may continue.
  package func takeDrained() -> [Int32] {
    var streams: [Int32] = []
    swap(&streams, &drained)
    return streams
  }

  // MARK: - Messages

  /// Begins a request, with its head in the form of HTTP/1; its stream.
  package func request(_ head: [UInt8], scheme: String, hasContent: Bool) throws(HTTP2Error) -> Int32 {
    var fields = FieldList(requestHead: head, scheme: scheme)
    let stream = fields.withFields { fields, count in
      var provider = Self.provider
      return withUnsafePointer(to: &provider) {
        nghttp2_submit_request(pointer, nil, fields, count, hasContent ? $0 : nil, nil)
      }
    }
    guard stream > 0 else { throw HTTP2Error(description: Self.text(stream)) }
    if hasContent { outgoing[stream] = OutgoingContent() }
    return stream
  }

  /// Begins a response, or sends an informational one, with its head in the form of HTTP/1.
  package func respond(_ head: [UInt8], on stream: Int32, hasContent: Bool) throws(HTTP2Error) {
    var fields = FieldList(responseHead: head)
    let isInformational = fields.isInformational
    let code = fields.withFields { fields, count in
      if isInformational {
        return nghttp2_submit_headers(
          pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, fields, count, nil)
      }
      var provider = Self.provider
      return withUnsafePointer(to: &provider) {
        nghttp2_submit_response(pointer, stream, fields, count, hasContent ? $0 : nil)
      }
    }
    guard code == 0 else { throw HTTP2Error(description: Self.text(code)) }
    if hasContent, !isInformational { outgoing[stream] = OutgoingContent() }
  }

  /// Adds content to a message; false when the writer is to wait until its stream is in `takeDrained`.
  package func write(_ bytes: [UInt8], on stream: Int32) -> Bool {
    guard var content = outgoing.removeValue(forKey: stream) else { return true }
    content.append(bytes)
    content.isFull = content.count > settings.waterMark
    let (isFull, isAwaited) = (content.isFull, content.isAwaited)
    content.isAwaited = false
    outgoing[stream] = content
    if isAwaited { nghttp2_session_resume_data(pointer, stream) }
    return !isFull
  }

  /// The content of a message is complete.
  package func end(_ stream: Int32, trailers: HTTPFields? = nil) {
    guard var content = outgoing.removeValue(forKey: stream) else { return }
    content.isEnded = true
    content.trailers = trailers
    let isAwaited = content.isAwaited
    content.isAwaited = false
    outgoing[stream] = content
    if isAwaited { nghttp2_session_resume_data(pointer, stream) }
  }

  /// Whether content of a message is still to be sent.
  package func isSending(_ stream: Int32) -> Bool { outgoing[stream] != nil }

  /// Whether the server has reset a stream that was closed.
  package func takeReset(of stream: Int32) -> Bool { !resets.isEmpty && resets.remove(stream) != nil }

  /// Resets a stream.
  package func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
    outgoing[stream] = nil
    nghttp2_submit_rst_stream(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
  }

  // MARK: - The connection

  /// How many streams the peer allows at once.
  package var remoteStreamLimit: Int {
    Int(nghttp2_session_get_remote_settings(pointer, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Whether a further stream can be begun: stream numbers end (RFC 9113 §5.1.1), and after GOAWAY there is none.
  package var takesRequests: Bool { nghttp2_session_check_request_allowed(pointer) != 0 }

  /// Asks the peer whether it is there.
  package func ping() { nghttp2_submit_ping(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil) }

  /// Tells the peer that streams above `lastStream` are not and will not be looked at.
  package func goAway(lastStream: Int32, _ code: HTTP2ErrorCode = .noError) {
    nghttp2_submit_goaway(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), lastStream, code.rawValue, nil, 0)
  }

  /// Ends the connection with a GOAWAY.
  package func terminate(_ code: HTTP2ErrorCode = .noError) {
    nghttp2_session_terminate_session(pointer, code.rawValue)
  }

  // MARK: - For the callbacks

  /// Moves outgoing content into the library's frame.
  func read(_ stream: Int32, into room: UnsafeMutableBufferPointer<UInt8>, _ flags: inout UInt32) -> Int {
    guard var content = outgoing.removeValue(forKey: stream) else {
      return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let count = content.move(into: room)
    if content.isFull, content.count <= settings.waterMark / 4 {
      content.isFull = false
      drained.append(stream)
    }
    if content.isEnded, content.count == 0 {
      flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if let trailers = content.trailers, !trailers.isEmpty {
        flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        var fields = FieldList(trailers: trailers)
        _ = fields.withFields { nghttp2_submit_trailer(pointer, stream, $0, $1) }
      }
      return count
    }
    let isAwaited = count == 0
    content.isAwaited = isAwaited
    outgoing[stream] = content
    return isAwaited ? Int(NGHTTP2_ERR_DEFERRED.rawValue) : count
  }
}
#endif
