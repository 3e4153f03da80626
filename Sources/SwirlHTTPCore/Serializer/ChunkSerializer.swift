public import HTTPTypes

/// Encodes content in the chunked coding (RFC 9112 §7.1).
public enum ChunkSerializer {
  /// Appends one chunk. Appends nothing for empty content, because an empty chunk would end the body.
  public static func appendChunk(_ content: Span<UInt8>, to output: inout [UInt8]) {
    if content.isEmpty { return }
    appendSize(content.count, to: &output)
    output.append(copying: content)
    output.appendLineEnd()
  }

  /// Appends the line before a chunk's data, for content that the caller writes itself; CRLF must follow that content.
  ///
  /// - Parameters:
  ///   - size: more than 0.
  ///   - output: the buffer to append to.
  public static func appendSize(_ size: Int, to output: inout [UInt8]) {
    guard size > 0 else { fatalError("an empty chunk ends the content: use appendEnd") }
    output.append(hexadecimal: size)
    output.appendLineEnd()
  }

  /// Appends the last chunk and the trailer section.
  ///
  /// - Throws: `invalidOutput` for a field that can't be sent, or not in trailers (RFC 9110 §6.5.1). It appends nothing
  ///   then.
  public static func appendEnd(
    trailers: HTTPFields? = nil, to output: inout [UInt8]
  ) throws(HTTPWireError) {
    try output.appendOrRollBack { (output) throws(HTTPWireError) in
      output.append("0\r\n")
      for field in trailers ?? HTTPFields() {
        let name = field.name.canonicalName.utf8.span
        guard case .allowed = TrailerRule(name, name.indices) else {
          throw HTTPWireError(.invalidOutput, "\(field.name) can't be a trailer field (RFC 9110 §6.5.1)")
        }
        try output.append(field)
      }
      output.appendLineEnd()
    }
  }
}
