import Swirl

// A transport must be used on its protocol's thread.
final class Echo: StreamProtocol {
  var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    Task.detached { transport.write("late") }  // expect: sending
  }
  func dataReceived(_ bytes: Span<UInt8>) {}
}
