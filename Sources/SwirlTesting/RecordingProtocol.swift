public import SwirlNet

/// A protocol that records its calls, for tests of the peer of a transport.
public final class RecordingProtocol: StreamProtocol {
  /// A recorded call.
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
    /// `connectionLost`, with the reason.
    case lost(ConnectionEnd.Code)
  }

  /// The calls so far, in order.
  public private(set) var events: [Event] = []
  /// All received bytes.
  public private(set) var received: [UInt8] = []
  /// How the connection ended; nil while it is open.
  public private(set) var end: ConnectionEnd?
  /// The connection, once it is made.
  public private(set) var transport: (any Transport)?
  /// Whether it keeps its direction open after the peer's EOF.
  public var staysOpenAfterEnd: Bool

  /// - Parameter staysOpenAfterEnd: whether it keeps its direction open after the peer's EOF.
  public init(staysOpenAfterEnd: Bool = false) {
    self.staysOpenAfterEnd = staysOpenAfterEnd
  }

  /// All received bytes as UTF-8.
  public var receivedText: String { String(decoding: received, as: UTF8.self) }

  /// Records the transport.
  public func connectionMade(_ transport: any Transport) {
    self.transport = transport
    events.append(.made)
  }

  /// Records the bytes.
  public func dataReceived(_ bytes: Span<UInt8>) {
    let bytes = bytes.withUnsafeBufferPointer { Array($0) }
    received += bytes
    events.append(.data(bytes))
  }

  /// Records the EOF.
  public func endReceived() -> Bool {
    events.append(.end)
    return staysOpenAfterEnd
  }

  /// Records the call.
  public func pauseWriting() { events.append(.pause) }

  /// Records the call.
  public func resumeWriting() { events.append(.resume) }

  /// Records the end, and releases the transport.
  public func connectionLost(_ end: ConnectionEnd) {
    self.end = end
    events.append(.lost(end.code))
    transport = nil
  }
}
