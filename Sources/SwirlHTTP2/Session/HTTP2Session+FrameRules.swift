#if HTTP2
import CNGHTTP2
import HTTPTypes

// Rules of RFC 9113 that the library leaves out: it keeps no streams that are closed, ignores PRIORITY, and resets
// streams where SETTINGS are at fault.

extension HTTP2Session {
  /// The rule that a frame breaks, judged by its header, before the library reads it.
  func ruleBroken(by frame: FrameHeader) -> (code: HTTP2ErrorCode, reason: String)? {
    switch frame.type {
    case FrameHeader.priority where frame.stream == 0:
      return (.protocolError, "PRIORITY on stream 0 (RFC 9113 §6.3)")
    case FrameHeader.headers, FrameHeader.data:
      // Frames for a stream that this session has reset may have been in flight, and such streams are not kept: only
      // above the latest of them is it certain that the peer knows.
      guard role == .server, frame.stream <= lastPeerStream, frame.stream > lastReset, frame.stream % 2 == 1,
        !isReadingSection, nghttp2_session_find_stream(pointer, frame.stream) == nil
      else { return nil }
      return (.streamClosed, "\(frame.name) on stream \(frame.stream): the stream is closed (RFC 9113 §5.1)")
    default: return nil
    }
  }

  /// Whether SETTINGS took the window of a stream beyond its limit: besides the answer to them the library then queues
  /// the reset of each such stream, where the connection is to end.
  func overflowsWindow(_ frame: FrameHeader, queued: Int) -> Bool {
    frame.type == FrameHeader.settings && queued > 1
  }
}
#endif
