#if HTTP2
import HTTPTypes

import CNGHTTP2

// The library calls these during `receive` and `takeOutput`, on the caller's thread. None of them calls the library's
// functions that read or send, which it forbids.

extension HTTP2Session {
  /// Content of a message that the library asks for.
  static var provider: nghttp2_data_provider {
    nghttp2_data_provider(source: nghttp2_data_source(ptr: nil)) { _, stream, buffer, length, flags, _, owner in
      HTTP2Session.of(owner).read(
        stream, into: UnsafeMutableBufferPointer(start: buffer, count: length), &flags!.pointee)
    }
  }

  // Safe: it is not changed after it was made, and the library copies it.
  nonisolated(unsafe) static let callbacks: OpaquePointer? = {
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, _, owner in
      HTTP2Session.of(owner).beginSection()
      return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameLength, value, valueLength, _, owner in
      HTTP2Session.of(owner).take(
        UnsafeBufferPointer(start: name, count: nameLength), UnsafeBufferPointer(start: value, count: valueLength),
        on: frame!.pointee.hd.stream_id)
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, owner in
      HTTP2Session.of(owner).take(frame!.pointee)
      return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, length, owner in
      HTTP2Session.of(owner).takeData(data!, length, on: stream)
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, owner in
      let session = HTTP2Session.of(owner)
      session.outgoing[stream] = nil
      session.events.append(.closed(stream: stream, HTTP2ErrorCode(rawValue: code)))
      return 0
    }
    nghttp2_session_callbacks_set_error_callback2(callbacks) { _, _, message, length, owner in
      // The message ends with a line feed or a zero byte, depending on where it comes from.
      let bytes = UnsafeRawBufferPointer(start: message, count: length).prefix { $0 != 0 && $0 != 0x0A }
      HTTP2Session.of(owner).complaint = String(decoding: bytes, as: UTF8.self)
      return 0
    }
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, code, owner in
      HTTP2Session.of(owner).complaint = "a frame is wrong: \(HTTP2Session.text(code))"
      return 0
    }
    return callbacks
  }()

  private func beginSection() {
    section = FieldSection(limit: settings.fieldBytes)
    isSectionTooLong = false
  }

  private func take(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, on stream: Int32
  ) -> Int32 {
    if section?.append(name: name, value: value) != false { return 0 }
    if !isSectionTooLong { events.append(.fieldsTooLong(stream: stream)) }
    isSectionTooLong = true
    // The library resets the stream, and reads the section to its end for the state of its compression.
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  }

  private func takeData(_ data: UnsafePointer<UInt8>, _ length: Int, on stream: Int32) {
    guard let input else { return }
    // The library reads content in place.
    let start = data - input
    events.append(.data(stream: stream, start..<start + length))
  }

  private func take(_ frame: nghttp2_frame) {
    let stream = frame.hd.stream_id
    let ends = frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    switch nghttp2_frame_type(rawValue: UInt32(frame.hd.type)) {
    case NGHTTP2_HEADERS: takeSection(of: frame, endsStream: ends)
    case NGHTTP2_DATA where ends: events.append(.end(stream: stream))
    case NGHTTP2_SETTINGS where frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0: events.append(.settings)
    case NGHTTP2_PING where frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0: events.append(.pong)
    case NGHTTP2_RST_STREAM where role == .client: resets.insert(stream)
    case NGHTTP2_GOAWAY:
      let goAway = frame.goaway
      let debug = UnsafeBufferPointer(start: goAway.opaque_data, count: min(goAway.opaque_data_len, 200))
      events.append(
        .goAway(
          lastStream: goAway.last_stream_id, HTTP2ErrorCode(rawValue: goAway.error_code),
          debug: String(decoding: debug, as: UTF8.self)))
    default: break
    }
  }

  private func takeSection(of frame: nghttp2_frame, endsStream: Bool) {
    guard var section else { return }
    self.section = nil
    if isSectionTooLong { return }
    section.end()
    let stream = frame.hd.stream_id
    switch frame.headers.cat {
    case NGHTTP2_HCAT_HEADERS:
      if section.status != 0 {
        // The final head after informational ones.
        add(section, stream, endsStream)
      } else {
        events.append(.trailers(stream: stream, section))
        events.append(.end(stream: stream))
      }
    default: add(section, stream, endsStream)
    }
  }

  private func add(_ section: FieldSection, _ stream: Int32, _ endsStream: Bool) {
    if (100..<200).contains(section.status) {
      events.append(.informational(stream: stream, section))
    } else {
      events.append(.head(stream: stream, section, endsStream: endsStream))
      if endsStream { events.append(.end(stream: stream)) }
    }
  }
}
#endif
