/// Finds misspelled callbacks of a ``StreamProtocol`` at compile time: a method that the reactor never calls.
///
/// The callbacks have default implementations, so that the compiler accepts `connectionLost(_ error: (any Error)?)` as
/// another method. Here each usual misspelling is a requirement with associated types. The compiler infers them from
/// the method of the program; without one, from a default. A check then has two implementations: one for the inferred
/// types of a program without the misspelling, and an unavailable one, whose message the compiler shows.
///
/// No code calls these methods, and a program implements none of them.
public protocol StreamProtocolSpelling: AnyObject {
  associatedtype MadeArgument
  associatedtype MadeTransport
  associatedtype MadeResult
  func connectionMade(_ argument: MadeArgument)
  func connectionMade(transport: MadeTransport)
  func connectionMade() -> MadeResult
  static func checkConnectionMade()

  associatedtype LostArgument
  associatedtype LostReason
  associatedtype LostError
  associatedtype LostResult
  func connectionLost(_ argument: LostArgument)
  func connectionLost(reason: LostReason)
  func connectionLost(error: LostError)
  func connectionLost() -> LostResult
  static func checkConnectionLost()

  associatedtype EndResult
  associatedtype EOFResult
  func endReceived() -> EndResult
  func eofReceived() -> EOFResult
  static func checkEndReceived()
}

extension StreamProtocolSpelling {
  public func connectionMade(transport: Never) {}
  public func connectionMade() -> Never { fatalError("it is never called: see connectionMade(_:)") }
  public func connectionLost(reason: Never) {}
  public func connectionLost(error: Never) {}
  public func connectionLost() -> Never { fatalError("it is never called: see connectionLost(_:)") }
  public func eofReceived() -> Never { fatalError("it is never called: see endReceived()") }

  @available(
    *, unavailable,
    message: "the connectionMade of this class is never called: write func connectionMade(_ transport: any Transport)"
  )
  public static func checkConnectionMade() {}
  @available(
    *, unavailable,
    message: """
      the connectionLost of this class is never called: write func connectionLost(_ end: ConnectionEnd), whose end.error is the reason
      """
  )
  public static func checkConnectionLost() {}
  @available(
    *, unavailable,
    message: """
      the method of this class for EOF is never called: write func endReceived() -> Bool, which returns whether to keep our direction open
      """
  )
  public static func checkEndReceived() {}
}

extension StreamProtocolSpelling
where MadeArgument == any Transport, MadeTransport == Never, MadeResult == Never {
  public static func checkConnectionMade() {}
}

extension StreamProtocolSpelling
where LostArgument == ConnectionEnd, LostReason == Never, LostError == Never, LostResult == Never {
  public static func checkConnectionLost() {}
}

extension StreamProtocolSpelling where EndResult == Bool, EOFResult == Never {
  public static func checkEndReceived() {}
}
