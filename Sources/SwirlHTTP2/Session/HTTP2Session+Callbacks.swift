#if HTTP2
import CNGHTTP2
import HTTPTypes
import SwirlHTTPCore

// The library calls these during `receive` and `writeOutput`, on the caller's thread. They call no function of
// the library that reads or sends, which it forbids.

extension HTTP2Session {
  // Safe: it is not changed after it was made, and the library copies it.
  nonisolated(unsafe) static let callbacks: OpaquePointer? = {
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, owner in
      HTTP2Session.with(owner) { $0.beginSection(frame!.pointee.hd.stream_id, frame!.pointee.headers.cat) }
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameLength, value, valueLength, _, owner in
      HTTP2Session.with(owner) {
        $0.take(
          UnsafeBufferPointer(start: name, count: nameLength), UnsafeBufferPointer(start: value, count: valueLength),
          on: frame!.pointee.hd.stream_id)
      }
    }
    // Without it the library drops fields that are malformed; RFC 9113 §8.2.1 wants the message refused.
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) { _, _, _, _, _, _, _, _ in
      NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, owner in
      HTTP2Session.with(owner) { $0.take(frame!) }
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, owner in
      HTTP2Session.with(owner) { $0.sent(frame!) }
      return 0
    }
    nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, header, length, _, owner in
      HTTP2Session.with(owner) { $0.send(frame!.pointee.hd.stream_id, header!, length) }
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, length, owner in
      HTTP2Session.with(owner) { $0.takeData(data!, length, on: stream) }
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, owner in
      HTTP2Session.with(owner) { $0.closed(stream, HTTP2ErrorCode(rawValue: code)) }
      return 0
    }
    nghttp2_session_callbacks_set_error_callback2(callbacks) { _, _, message, length, owner in
      // The message ends with a line feed or a zero byte, depending on where it comes from.
      let bytes = UnsafeRawBufferPointer(start: message, count: length).prefix { $0 != 0 && $0 != 0x0A }
      HTTP2Session.with(owner) { $0.complaint = String(decoding: bytes.prefix(500), as: UTF8.self) }
      return 0
    }
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, code, owner in
      HTTP2Session.with(owner) { $0.takeInvalid(frame!.pointee.hd, nghttp2_error(code)) }
      return 0
    }
    return callbacks
  }()

  // MARK: - Fields

  private func beginSection(_ stream: Int32, _ category: nghttp2_headers_category) -> Int32 {
    switch category {
    case NGHTTP2_HCAT_REQUEST:
      fields.begin(.request)
      return beginRequest(stream)
    case NGHTTP2_HCAT_HEADERS: fields.begin(.trailers)
    default: fields.begin(.response)
    }
    return 0
  }

  /// Refuses a stream above the limits.
  private func beginRequest(_ stream: Int32) -> Int32 {
    openStreams += 1
    isPrioritized = !prioritized.isEmpty && prioritized.remove(stream) != nil
    if openStreams <= settings.streams, stream <= lastTaken {
      lastPeerStream = stream
      return 0
    }
    refused.insert(stream)
    floods.chargeReset()
    nghttp2_submit_rst_stream(
      pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, HTTP2ErrorCode.refusedStream.rawValue)
    // The library keeps the reset that it has, and reads the section to its end for the state of its compression.
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  }

  private func take(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, on stream: Int32
  ) -> Int32 {
    guard let problem = fields.append(name, value) else { return 0 }
    // The rest of a request that is too long is read without being kept: a reset would take the place of its answer.
    if problem == .tooLong, fields.isAnswerable { return 0 }
    end(stream, for: problem)
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  }

  private func end(_ stream: Int32, for problem: FieldReader.Problem) {
    switch problem {
    case .malformed(let rule): end(stream, .protocolError, "HEADERS on stream \(stream): \(rule)")
    case .tooLong where fields.isAnswerable:
      floods.chargeReset()
      events.append(.fieldsTooLong(stream: stream))
    case .tooLong:
      reported.insert(stream)
      if role == .server { floods.chargeReset() }
      events.append(.fieldsTooLong(stream: stream))
      nghttp2_submit_rst_stream(
        pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, HTTP2ErrorCode.enhanceYourCalm.rawValue)
    }
  }

  private func takeSection(of stream: Int32, endsStream: Bool) {
    let (section, problem) = fields.end()
    if let problem { end(stream, for: problem) }
    guard let section else {
      if problem == .tooLong, endsStream { events.append(.end(stream: stream)) }
      return
    }
    // Informational responses have no end of their own.
    if fields.kind != .response || section.status >= 200 { floods.earn(2 * (scanner.frame.length + 9)) }
    switch fields.kind {
    case .trailers:
      events.append(.trailers(stream: stream, section))
      events.append(.end(stream: stream))
    case .response where section.status < 200: events.append(.informational(stream: stream, section))
    case .request, .response:
      if fields.kind == .request { shareFairly(stream) }
      events.append(.head(stream: stream, section, endsStream: endsStream))
      if endsStream { events.append(.end(stream: stream)) }
    }
  }

  // MARK: - Frames

  private func takeData(_ data: UnsafePointer<UInt8>, _ length: Int, on stream: Int32) {
    guard let input else { return }
    if scanner.frame.isPadded { floods.earn(4 * length) }
    // The library reads content in place.
    let start = data - input
    events.append(.data(stream: stream, start..<start + length))
  }

  private func take(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    let stream = header.stream_id
    let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    let isAnswer = header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
    switch nghttp2_frame_type(rawValue: UInt32(header.type)) {
    case NGHTTP2_HEADERS: takeSection(of: stream, endsStream: ends)
    case NGHTTP2_DATA where ends: events.append(.end(stream: stream))
    case NGHTTP2_RST_STREAM:
      // A client that has seen a part of its answer may have enough.
      if role == .server, outgoing[stream] == nil, nghttp2_session_find_stream(pointer, stream) != nil {
        floods.chargeReset()
      }
    case NGHTTP2_SETTINGS where !isAnswer: events.append(.settings)
    case NGHTTP2_PING where isAnswer:
      let data = frame.pointee.ping.opaque_data
      events.append(.pong(withUnsafeBytes(of: data) { UInt64(bigEndian: $0.load(as: UInt64.self)) }))
    case NGHTTP2_GOAWAY:
      let goAway = frame.pointee.goaway
      let debug = UnsafeBufferPointer(start: goAway.opaque_data, count: min(goAway.opaque_data_len, 200))
      events.append(
        .goAway(
          lastStream: goAway.last_stream_id, HTTP2ErrorCode(rawValue: goAway.error_code),
          debug: String(decoding: debug, as: UTF8.self).escapingControls()))
    case NGHTTP2_PRIORITY_UPDATE: takePriority(of: frame.pointee.ext)
    default: break
    }
  }

  /// The library resets a stream for a frame; of errors of the connection it has the GOAWAY say more.
  private func takeInvalid(_ frame: nghttp2_frame_hd, _ code: nghttp2_error) {
    let stream = frame.stream_id
    switch code {
    case NGHTTP2_ERR_REFUSED_STREAM: floods.chargeReset()
    case NGHTTP2_ERR_HTTP_HEADER:
      report(stream, .protocolError, "HEADERS on stream \(stream): \(invalidField) (RFC 9113 §8.2 and §8.3)")
    case NGHTTP2_ERR_HTTP_MESSAGING:
      report(stream, .protocolError, "HEADERS on stream \(stream): the message is malformed (RFC 9113 §8.1.1)")
    case NGHTTP2_ERR_FLOW_CONTROL where stream != 0 && UInt32(frame.type) == NGHTTP2_WINDOW_UPDATE.rawValue:
      report(
        stream, .flowControlError,
        "WINDOW_UPDATE on stream \(stream): the window is larger than 2^31-1 bytes (RFC 9113 §6.9.1)")
    default: break
    }
  }

  /// The field that the library complains about. Its text ends with `name: […], value: […]`.
  private var invalidField: String {
    guard let complaint, let start = complaint.firstRange(of: "name: [") else { return "a field is malformed" }
    return "a field is malformed, \(complaint[start.lowerBound...])".escapingControls()
  }

  private func closed(_ stream: Int32, _ code: HTTP2ErrorCode) {
    dropContent(of: stream)
    // Most streams end well: looking a number up costs more than the question.
    if !reported.isEmpty { reported.remove(stream) }
    if !ownResets.isEmpty { ownResets.remove(stream) }
    if role == .server { openStreams -= 1 }
    if refused.isEmpty || refused.remove(stream) == nil {
      events.append(.closed(stream: stream, code))
    } else {
      unsent[stream] = nil
    }
  }

  private func sent(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    let stream = header.stream_id
    switch nghttp2_frame_type(rawValue: UInt32(header.type)) {
    case NGHTTP2_DATA, NGHTTP2_HEADERS:
      if stream > lastRequested { lastRequested = stream }
      if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 { events.append(.sent(stream: stream)) }
    case NGHTTP2_RST_STREAM:
      lastReset = max(lastReset, stream)
      let code = HTTP2ErrorCode(rawValue: frame.pointee.rst_stream.error_code)
      if ownResets.remove(stream) != nil || code == .refusedStream { return }
      // The peer may have closed the stream before this reset left.
      if nghttp2_session_find_stream(pointer, stream) == nil { return }
      // The library resets a stream for its content without saying so.
      report(stream, code, "DATA on stream \(stream): \(Self.rule(ofContent: code))")
    case NGHTTP2_GOAWAY:
      let goAway = frame.pointee.goaway
      let debug = UnsafeBufferPointer(start: goAway.opaque_data, count: goAway.opaque_data_len)
      libraryEnded(HTTP2ErrorCode(rawValue: goAway.error_code), String(decoding: debug, as: UTF8.self))
    default: break
    }
  }

  private static func rule(ofContent code: HTTP2ErrorCode) -> String {
    switch code {
    case .flowControlError: "it exceeds the window of the stream (RFC 9113 §6.9.1)"
    case .protocolError: "there may be none, or it is not as long as Content-Length says (RFC 9113 §8.1.1)"
    default: "the stream cannot continue"
    }
  }

  // MARK: - Priority

  /// A stream without a priority is incremental: streams that are alike share the connection, where the default of RFC
  /// 9218 §4.2 sends one after the other.
  private func shareFairly(_ stream: Int32) {
    if isPrioritized { return }
    var priority = nghttp2_extpri(urgency: UInt32(NGHTTP2_EXTPRI_DEFAULT_URGENCY), inc: 1)
    // A `priority` field of the request replaces it after this callback.
    nghttp2_session_change_extpri_stream_priority(pointer, stream, &priority, 0)
  }

  private func takePriority(of frame: nghttp2_extension) {
    guard let update = frame.payload?.assumingMemoryBound(to: nghttp2_ext_priority_update.self).pointee else { return }
    if update.stream_id == 0 {
      violation = (.protocolError, "PRIORITY_UPDATE: it is for no stream (RFC 9218 §7.1)")
    } else if update.stream_id > lastPeerStream {
      // The library keeps each such stream, and does not count them.
      prioritized.insert(update.stream_id)
      // Those that were skipped do not come any more.
      if prioritized.count > 2 * settings.streams { prioritized = prioritized.filter { $0 > lastPeerStream } }
      if prioritized.count > 2 * settings.streams {
        violation = (.protocolError, "PRIORITY_UPDATE: of too many streams without a request (RFC 9218 §7.1)")
      }
    }
  }
}
#endif
