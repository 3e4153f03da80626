/// Finds misspelled callbacks of a ``StreamProtocol`` at compile time: methods that the reactor never calls.
///
/// The callbacks have default implementations, so that the compiler accepts `connectionLost(_ error: (any Error)?)` as
/// another method. Here each usual misspelling is a requirement with associated types. The compiler infers them from
/// the method of the program if there is one, otherwise from a default. A check then has two implementations: one for
/// the types of a program without the misspelling, and an unavailable one, whose message the compiler shows.
///
/// No code calls these methods, and a program implements only those of ``StreamProtocol``.
public protocol StreamProtocolSpelling: AnyObject {
  /// Inferred.
  associatedtype MadeArgument
  /// Inferred.
  associatedtype MadeTransport
  /// Inferred.
  associatedtype MadeResult
  /// `connectionMade(_:)` with any argument.
  func connectionMade(_ argument: MadeArgument)
  /// Never called.
  func connectionMade(transport: MadeTransport)
  /// Never called.
  func connectionMade() -> MadeResult
  /// Unavailable if a method of the program is misspelled.
  static func checkConnectionMade()

  /// Inferred.
  associatedtype LostArgument
  /// Inferred.
  associatedtype LostReason
  /// Inferred.
  associatedtype LostError
  /// Inferred.
  associatedtype LostResult
  /// `connectionLost(_:)` with any argument.
  func connectionLost(_ argument: LostArgument)
  /// Never called.
  func connectionLost(reason: LostReason)
  /// Never called.
  func connectionLost(error: LostError)
  /// Never called.
  func connectionLost() -> LostResult
  /// Unavailable if a method of the program is misspelled.
  static func checkConnectionLost()

  /// Inferred.
  associatedtype EndResult
  /// Inferred.
  associatedtype EOFResult
  /// `endReceived()` with any result.
  func endReceived() -> EndResult
  /// Never called.
  func eofReceived() -> EOFResult
  /// Unavailable if a method of the program is misspelled.
  static func checkEndReceived()
}

extension StreamProtocolSpelling {
  /// Never called.
  public func connectionMade(transport: Never) {}
  /// Never called.
  public func connectionMade() -> Never { fatalError("it is never called: see connectionMade(_:)") }
  /// Never called.
  public func connectionLost(reason: Never) {}
  /// Never called.
  public func connectionLost(error: Never) {}
  /// Never called.
  public func connectionLost() -> Never { fatalError("it is never called: see connectionLost(_:)") }
  /// Never called.
  public func eofReceived() -> Never { fatalError("it is never called: see endReceived()") }

  /// For a program with a misspelled method.
  @available(
    *, unavailable,
    message: "the connectionMade of this class is never called: write func connectionMade(_ transport: any Transport)"
  )
  public static func checkConnectionMade() {}
  /// For a program with a misspelled method.
  @available(
    *, unavailable,
    message: """
      the connectionLost of this class is never called: write func connectionLost(_ end: ConnectionEnd), whose end.error is the reason
      """
  )
  public static func checkConnectionLost() {}
  /// For a program with a misspelled method.
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
  /// For a program without a misspelled method.
  public static func checkConnectionMade() {}
}

extension StreamProtocolSpelling
where LostArgument == ConnectionEnd, LostReason == Never, LostError == Never, LostResult == Never {
  /// For a program without a misspelled method.
  public static func checkConnectionLost() {}
}

extension StreamProtocolSpelling where EndResult == Bool, EOFResult == Never {
  /// For a program without a misspelled method.
  public static func checkEndReceived() {}
}
