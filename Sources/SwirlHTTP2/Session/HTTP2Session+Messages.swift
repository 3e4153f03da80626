#if HTTP2
import CNGHTTP2
package import HTTPTypes

extension HTTP2Session {
  /// Content of a message that the library asks for.
  private static var provider: nghttp2_data_provider {
    nghttp2_data_provider(source: nghttp2_data_source(ptr: nil)) { _, stream, _, length, flags, _, owner in
      HTTP2Session.with(owner) { $0.read(stream, length, &flags!.pointee) }
    }
  }

  /// Begins a request, with its head in the form of HTTP/1; its stream.
  ///
  /// - Parameters:
  ///   - head: the request line and the fields, validated.
  ///   - scheme: `https` or `http`.
  ///   - hasContent: whether content follows.
  ///   - isExtendedConnect: whether its Upgrade field is the protocol of an extended CONNECT, which the server takes:
  ///     see `remoteTakesConnectProtocol`.
  package func request(
    _ head: [UInt8], scheme: String, hasContent: Bool, isExtendedConnect: Bool = false
  ) throws(HTTP2Error) -> Int32 {
    let stream = try head.withUnsafeBufferPointer { (head) throws(HTTP2Error) in
      list.load(requestHead: head, isSecure: scheme == "https", isExtendedConnect: isExtendedConnect)
      try checkLength(of: 0)
      return list.withFields { fields, count in
        var provider = Self.provider
        return withUnsafePointer(to: &provider) {
          nghttp2_submit_request(pointer, nil, fields, count, hasContent ? $0 : nil, nil)
        }
      }
    }
    guard stream > 0 else { throw HTTP2Error(code: .internalError, stream: 0, reason: Self.text(stream)) }
    if hasContent { beginContent(of: stream) }
    return stream
  }

  /// Begins a response, or sends an informational one, with its head in the form of HTTP/1. A 101 accepts an extended
  /// CONNECT (RFC 8441). Does nothing on a stream that is closed, as it may be while its head is handled.
  package func respond(_ head: [UInt8], on stream: Int32, hasContent: Bool) throws(HTTP2Error) {
    if nghttp2_session_find_stream(pointer, stream) == nil { return }
    let code = try head.withUnsafeBufferPointer { (head) throws(HTTP2Error) in
      list.load(responseHead: head)
      try checkLength(of: stream)
      return list.withFields { fields, count in
        if list.isInformational {
          return nghttp2_submit_headers(
            pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, fields, count, nil)
        }
        var provider = Self.provider
        return withUnsafePointer(to: &provider) {
          nghttp2_submit_response(pointer, stream, fields, count, hasContent ? $0 : nil)
        }
      }
    }
    guard code == 0 else { throw HTTP2Error(code: .internalError, stream: stream, reason: Self.text(code)) }
    if hasContent, !list.isInformational { beginContent(of: stream) }
  }

  private func beginContent(of stream: Int32) { outgoing[stream] = spareContent.take() ?? OutgoingContent() }

  private func checkLength(of stream: Int32) throws(HTTP2Error) {
    if !list.isTooLong { return }
    throw HTTP2Error(
      code: .internalError, stream: stream, reason: "the fields of the message are longer than 1 MiB together")
  }

  /// Adds content to a message; false when the writer is to wait until its stream is in `takeDrained`.
  package func write(_ bytes: [UInt8], on stream: Int32) -> Bool {
    guard let content = outgoing[stream] else { return true }
    content.append(bytes)
    // A writer that waits does so until `send` has taken enough, also if something else writes meanwhile.
    if content.count > settings.waterMark { content.isFull = true }
    resume(stream, content)
    return !content.isFull
  }

  /// The content of a message is complete.
  package func end(_ stream: Int32, trailers: HTTPFields? = nil) {
    guard let content = outgoing[stream] else { return }
    if let trailers, list.withTrailers(trailers, \.isTooLong) { return reset(stream, .internalError) }
    content.isEnded = true
    content.trailers = trailers
    resume(stream, content)
  }

  private func resume(_ stream: Int32, _ content: OutgoingContent) {
    guard content.isAwaited else { return }
    content.isAwaited = false
    nghttp2_session_resume_data(pointer, stream)
  }

  /// Puts the stream into `takeDrained` when content of it is sent next.
  package func noteSent(of stream: Int32) { outgoing[stream]?.isWatched = true }

  /// The number of content bytes of a message that wait in the session.
  ///
  /// For a stream that was reset it is the number of those that will not be sent, until its `closed` was handled.
  package func pendingBytes(of stream: Int32) -> Int {
    if let content = outgoing[stream] { return content.count }
    return unsent.isEmpty ? 0 : unsent[stream] ?? 0
  }

  /// How much content the peer takes on this stream now.
  package func window(of stream: Int32) -> Int {
    Int(nghttp2_session_get_stream_remote_window_size(pointer, stream))
  }

  /// Forgets the content of a stream that will not be sent.
  func dropContent(of stream: Int32) {
    guard let content = outgoing.removeValue(for: stream), content.count > 0 else { return }
    unsent[stream] = content.count
  }

  /// Whether content of a message is still to be sent.
  package func isSending(_ stream: Int32) -> Bool { outgoing[stream] != nil }

  /// Resets a stream. Does nothing on one that is closed, which gets no more frames (RFC 9113 §5.1).
  package func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
    dropContent(of: stream)
    // A request that is still queued has no stream yet: the library takes it out of its queue.
    let isQueued = role == .client && stream > lastRequested
    if !isQueued, nghttp2_session_find_stream(pointer, stream) == nil { return }
    ownResets.insert(stream)
    nghttp2_submit_rst_stream(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
  }

  // MARK: - For the callbacks

  /// Says how much content the next frame has, of which `room` is the maximum.
  private func read(_ stream: Int32, _ room: Int, _ flags: inout UInt32) -> Int {
    guard let content = outgoing[stream] else {
      return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let pending = content.count
    let count = min(pending, room)
    if count == pending, content.isEnded {
      flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if let trailers = content.trailers, !trailers.isEmpty {
        flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        _ = list.withTrailers(trailers) { $0.withFields { nghttp2_submit_trailer(pointer, stream, $0, $1) } }
      }
      if count == 0 {
        outgoing[stream] = nil
        return 0
      }
    } else if count == 0 {
      content.isAwaited = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    flags |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    return count
  }

  /// Moves content to the output, behind the header of its frame.
  func send(_ stream: Int32, _ header: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard let content = outgoing[stream] else { return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue }
    let pending = content.count
    // At once, because an array that grows by itself doubles. The last frame may pass the limit.
    let needed = max(output.count + count, min(output.count + pending, outputLimit) + 16 * 1024) + 64
    if output.capacity < needed { output.reserveCapacity(needed) }
    output.append(contentsOf: UnsafeBufferPointer(start: header, count: 9))
    content.move(count, to: &output)
    movedContent &+= count
    floods.earn(count)
    let isLow = content.isFull && pending - count <= settings.waterMark / 4
    if isLow || content.isWatched {
      content.isFull = false
      content.isWatched = false
      drained.append(stream)
    }
    if content.isEnded, pending == count {
      _ = outgoing.removeValue(for: stream)
      content.reset()
      spareContent = content
    }
    return output.count >= outputLimit ? NGHTTP2_ERR_PAUSE.rawValue : 0
  }
}
#endif
