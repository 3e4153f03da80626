#if HTTP2
import CNGHTTP2
package import HTTPTypes

extension HTTP2Session {
  // MARK: - Setting up

  static func make(_ role: Role, _ settings: HTTP2Settings) -> OpaquePointer? {
    var option: OpaquePointer?
    guard nghttp2_option_new(&option) == 0 else { return nil }
    defer { nghttp2_option_del(option) }
    // The windows follow the consumer: see `consume`.
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_max_send_header_block_length(option, FieldList.limit)
    nghttp2_option_set_max_settings(option, settings.settingsInFrame)
    nghttp2_option_set_max_outbound_ack(option, settings.pendingAnswers)
    // `FloodGuard` counts both. The library would answer the first with INTERNAL_ERROR, by the clock of the system; of
    // the second it counts a frame whose header comes in pieces several times.
    nghttp2_option_set_stream_reset_rate_limit(option, .max, .max)
    nghttp2_option_set_max_continuations(option, .max)
    if role == .server {
      nghttp2_option_set_builtin_recv_extension_type(option, UInt8(NGHTTP2_PRIORITY_UPDATE.rawValue))
    }
    var pointer: OpaquePointer?
    let code =
      role == .client
      ? nghttp2_session_client_new2(&pointer, callbacks, nil, option)
      : nghttp2_session_server_new2(&pointer, callbacks, nil, option)
    return code == 0 ? pointer : nil
  }

  func submitSettings() {
    var entries: [nghttp2_settings_entry] = []
    func add(_ id: nghttp2_settings_id, _ value: Int) {
      entries.append(nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(value)))
    }
    // It is the first: `announceStreamLimit` knows its place.
    if role == .server { add(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1 << 30) }
    add(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.streamWindow)
    add(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.fieldBytes)
    // Priorities of RFC 7540 mean nothing here (RFC 9218 §2.1).
    add(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1)
    switch role {
    case .client: add(NGHTTP2_SETTINGS_ENABLE_PUSH, 0)
    case .server: if settings.takesConnectProtocol { add(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1) }
    }
    // These fail only for values out of range, or without memory, which Swift does not survive either.
    let code = nghttp2_submit_settings(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count)
    precondition(code == 0, "HTTP/2 settings: \(Self.text(code))")
    nghttp2_session_set_local_window_size(
      pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(settings.connectionWindow))
  }

  // MARK: - The peer

  /// How many streams the peer allows at once.
  package var remoteStreamLimit: Int {
    Int(nghttp2_session_get_remote_settings(pointer, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Whether the server takes extended CONNECT (RFC 8441).
  package var remoteTakesConnectProtocol: Bool {
    nghttp2_session_get_remote_settings(pointer, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1
  }

  /// Whether a further stream can be begun: stream numbers end (RFC 9113 §5.1.1), and after GOAWAY no stream begins.
  package var takesRequests: Bool { nghttp2_session_check_request_allowed(pointer) != 0 }

  /// Asks the peer whether it is there; `pong` has the same data.
  package func ping(_ data: UInt64 = 0) {
    withUnsafeBytes(of: data.bigEndian) {
      _ = nghttp2_submit_ping(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), $0.baseAddress)
    }
  }

  // MARK: - Windows

  /// Content was taken: the peer may send as much again on this stream.
  package func consume(_ count: Int, of stream: Int32) {
    nghttp2_session_consume_stream(pointer, stream, count)
  }

  /// Content does not stay in the connection, so that other streams are not held up.
  package func consumeConnection(_ count: Int) {
    nghttp2_session_consume_connection(pointer, count)
  }

  // MARK: - The end

  /// Tells the client that the connection will end, but not yet which streams are the last (RFC 9113 §6.8). Requests
  /// are taken until `goAway`.
  package func announceShutdown() { nghttp2_submit_shutdown_notice(pointer) }

  /// Tells the peer that streams above `lastStream` are not and will not be looked at: they are refused. A server that
  /// has begun all requests it knows of passes `lastPeerStream`.
  package func goAway(lastStream: Int32, _ code: HTTP2ErrorCode = .noError) {
    ownCode = code
    if role == .server { lastTaken = min(lastTaken, lastStream) }
    nghttp2_submit_goaway(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), lastStream, code.rawValue, nil, 0)
  }

  /// Ends the connection with a GOAWAY, unless one with an error is queued.
  package func terminate(_ code: HTTP2ErrorCode = .noError) {
    ownCode = code
    nghttp2_session_terminate_session(pointer, code.rawValue)
  }
}
#endif
