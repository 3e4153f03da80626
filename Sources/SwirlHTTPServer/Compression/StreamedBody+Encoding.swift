import SwirlContent

/// A streamed body while it is compressed.
struct EncodedBody {
  let encoder: ContentEncoder
  /// Its memory counts until this is released.
  let share: EncoderMemory.Share
  /// The length that was promised for the content without its coding, if any.
  let length: Int?
  /// The number of content bytes that the encoder has taken.
  var taken = 0
}

extension StreamedBody {
  /// Applies a content coding to all that is written from here.
  func encode(with encoder: ContentEncoder, _ share: EncoderMemory.Share, length: Int?) {
    encoded = EncodedBody(encoder: encoder, share: share, length: length)
  }

  /// Each write is flushed: the client may wait for that much, as it does for an event.
  func writeEncoded(_ bytes: Span<UInt8>) { encode(bytes, .flush) }

  func endEncoded() { encode(Span(), .finish) }

  /// Sends what the encoder makes of `bytes`.
  private func encode(_ bytes: Span<UInt8>, _ step: ContentEncoder.Step) {
    guard let encoded, let destination else { return }
    let taken = encoded.taken + bytes.count
    if let length = encoded.length, taken > length || step == .finish && taken < length {
      destination.log("the body has \(taken) bytes, and \(length) were promised", of: exchange.request)
      return breakOff()
    }
    self.encoded?.taken = taken
    var output: [UInt8] = []
    guard encoded.encoder.encode(bytes, step, into: &output) else {
      destination.log("no memory to compress the body", of: exchange.request)
      return breakOff()
    }
    sent += output.count
    if !output.isEmpty { destination.send(output.span, inChunk: framing == .chunked) }
  }
}
