import SwirlDeferred

extension WebSocket {
  /// permessage-deflate (RFC 7692): what this end would have; the handshake says whether the peer agrees.
  public struct Compression: Sendable, Equatable {
    /// nil for no compression.
    package let deflate: WebSocketDeflate?

    /// No compression.
    public static let off = Compression(deflate: nil)

    /// Messages may refer to those before. A socket that is used keeps some 100 KiB.
    public static let deflate = deflate()

    /// Each message for itself: an idle socket keeps nothing, and messages are larger.
    public static let deflateWithoutContext = deflate(takesContextOver: false)

    /// - Parameters:
    ///   - windowBits: the window as a power of two, 9 to 15.
    ///   - level: zlib's, 1 to 9.
    ///   - takesContextOver: whether messages may refer to those before.
    public static func deflate(windowBits: Int = 12, level: Int = 6, takesContextOver: Bool = true) -> Compression {
      require((9...15).contains(windowBits) && (1...9).contains(level), "a window has 9 to 15 bits, a level is 1 to 9")
      var deflate = WebSocketDeflate()
      deflate.windowBits = windowBits
      deflate.level = level
      deflate.takesContextOver = takesContextOver
      deflate.peerTakesContextOver = takesContextOver
      return Compression(deflate: deflate)
    }
  }
}
