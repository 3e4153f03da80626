/// The extension permessage-deflate (RFC 7692): what we would have.
package struct WebSocketDeflate: Equatable, Sendable {
  /// The name of the extension.
  package static let name = "permessage-deflate"

  /// The window of what we send, as a power of two, 9 to 15: four times its size is kept while a message refers to the
  /// last.
  package var windowBits = 12
  /// The window of what the peer sends at most, where the peer can limit it; 8 to 15.
  package var peerWindowBits = 15
  /// Whether our messages may refer to those before: they are smaller, and their state is kept between them.
  package var takesContextOver = true
  /// Whether the peer's messages may.
  package var peerTakesContextOver = true
  /// zlib's level, 1 to 9.
  package var level = 6

  package init() {}

  /// What both agreed on in the handshake.
  package struct Agreed: Equatable, Sendable {
    package var serverNoContextTakeover = false
    package var clientNoContextTakeover = false
    // A byte each: every socket has two of these.
    private var serverBits: UInt8 = 15
    private var clientBits: UInt8 = 15
    private var levelByte: UInt8 = 6

    package init() {}

    /// The window of what the server sends: at most what was agreed.
    package var serverWindowBits: Int {
      get { Int(serverBits) }
      set { serverBits = UInt8(newValue) }
    }

    /// The window of what the client sends.
    package var clientWindowBits: Int {
      get { Int(clientBits) }
      set { clientBits = UInt8(newValue) }
    }

    package var level: Int {
      get { Int(levelByte) }
      set { levelByte = UInt8(newValue) }
    }

    /// The window of what this end sends.
    func windowBits(of sender: WebSocketRole) -> Int { sender == .server ? serverWindowBits : clientWindowBits }

    /// Whether the messages of this end may refer to those before.
    func takesContextOver(_ sender: WebSocketRole) -> Bool {
      sender == .server ? !serverNoContextTakeover : !clientNoContextTakeover
    }
  }
}
