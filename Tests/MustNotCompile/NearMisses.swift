import Swirl

// Callbacks of a protocol that are never called: the compiler says so, with the form that is.

final class LostErrorArgument: StreamProtocol {  // expect: write func connectionLost(_ end: ConnectionEnd)
  func dataReceived(_ bytes: Span<UInt8>) {}
  func connectionLost(_ error: (any Error)?) {}
}

final class LostReasonLabel: StreamProtocol {  // expect: write func connectionLost(_ end: ConnectionEnd)
  func dataReceived(_ bytes: Span<UInt8>) {}
  func connectionLost(reason: any Error) {}
}

final class LostNothing: StreamProtocol {  // expect: write func connectionLost(_ end: ConnectionEnd)
  func dataReceived(_ bytes: Span<UInt8>) {}
  func connectionLost() {}
}

final class MadeNothing: StreamProtocol {  // expect: write func connectionMade(_ transport: any Transport)
  func dataReceived(_ bytes: Span<UInt8>) {}
  func connectionMade() {}
}

final class MadeLabel: StreamProtocol {  // expect: write func connectionMade(_ transport: any Transport)
  func dataReceived(_ bytes: Span<UInt8>) {}
  func connectionMade(transport: any Transport) {}
}

class MadeConnection: StreamProtocol {  // expect: write func connectionMade(_ transport: any Transport)
  func dataReceived(_ bytes: Span<UInt8>) {}
  func connectionMade(_ connection: Connection) {}
}

final class EndWithoutAnswer: StreamProtocol {  // expect: write func endReceived() -> Bool
  func dataReceived(_ bytes: Span<UInt8>) {}
  func endReceived() {}
}

final class EOFReceived: StreamProtocol {  // expect: write func endReceived() -> Bool
  func dataReceived(_ bytes: Span<UInt8>) {}
  func eofReceived() -> Bool { false }
}

final class DataLabel: StreamProtocol {
  func dataReceived(data: Span<UInt8>) {}  // expect: has different argument labels
}

final class DataArray: StreamProtocol {  // expect: does not conform to protocol 'StreamProtocol'
  func dataReceived(_ data: [UInt8]) {}
}
