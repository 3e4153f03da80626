public import SwirlNet

/// A protocol that writes down what it is told, for tests of what is at the other end of a transport.
public final class RecordingProtocol: StreamProtocol {
  /// What it was told, in the order told.
  public enum Event: Sendable, Hashable {
    /// `connectionMade`.
    case made
    /// `dataReceived`, with the bytes.
    case data([UInt8])
    /// `endReceived`.
    case end
    /// `pauseWriting`.
    case pause
    /// `resumeWriting`.
    case resume
    /// `connectionLost`, with how it ended.
    case lost(ConnectionEnd.Code)
  }

  /// What it was told, in the order told.
  public private(set) var events: [Event] = []
  /// All bytes that came.
  public private(set) var received: [UInt8] = []
  /// How the connection ended; nil while it lasts.
  public private(set) var end: ConnectionEnd?
  /// The connection, once it is made.
  public private(set) var transport: (any Transport)?
  /// Whether it goes on sending when the other end has stopped.
  public var staysOpenAfterEnd: Bool

  /// - Parameter staysOpenAfterEnd: whether it goes on sending when the other end has stopped.
  public init(staysOpenAfterEnd: Bool = false) {
    self.staysOpenAfterEnd = staysOpenAfterEnd
  }

  /// All bytes that came, as UTF-8.
  public var receivedText: String { String(decoding: received, as: UTF8.self) }

  /// Notes the transport.
  public func connectionMade(_ transport: any Transport) {
    self.transport = transport
    events.append(.made)
  }

  /// Notes the bytes.
  public func dataReceived(_ bytes: Span<UInt8>) {
    let bytes = bytes.withUnsafeBufferPointer { Array($0) }
    received += bytes
    events.append(.data(bytes))
  }

  /// Notes the end.
  public func endReceived() -> Bool {
    events.append(.end)
    return staysOpenAfterEnd
  }

  /// Notes it.
  public func pauseWriting() { events.append(.pause) }

  /// Notes it.
  public func resumeWriting() { events.append(.resume) }

  /// Notes how it ended, and lets go of the transport.
  public func connectionLost(_ end: ConnectionEnd) {
    self.end = end
    events.append(.lost(end.code))
    transport = nil
  }
}
