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
  associatedtype SpelledMadeArgument
  /// Inferred.
  associatedtype SpelledMadeTransport
  /// Inferred.
  associatedtype SpelledMadeResult
  /// `connectionMade(_:)` with any argument.
  func connectionMade(_ argument: SpelledMadeArgument)
  /// Never called.
  func connectionMade(transport: SpelledMadeTransport)
  /// Never called.
  func connectionMade() -> SpelledMadeResult
  /// Unavailable if a method of the program is misspelled.
  static func checkConnectionMade()

  /// Inferred.
  associatedtype SpelledLostArgument
  /// Inferred.
  associatedtype SpelledLostReason
  /// Inferred.
  associatedtype SpelledLostError
  /// Inferred.
  associatedtype SpelledLostResult
  /// `connectionLost(_:)` with any argument.
  func connectionLost(_ argument: SpelledLostArgument)
  /// Never called.
  func connectionLost(reason: SpelledLostReason)
  /// Never called.
  func connectionLost(error: SpelledLostError)
  /// Never called.
  func connectionLost() -> SpelledLostResult
  /// Unavailable if a method of the program is misspelled.
  static func checkConnectionLost()

  /// Inferred.
  associatedtype SpelledEndResult
  /// Inferred.
  associatedtype SpelledEOFResult
  /// `endReceived()` with any result.
  func endReceived() -> SpelledEndResult
  /// Never called.
  func eofReceived() -> SpelledEOFResult
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
    message:
      "the connectionMade of this class is never called: write func connectionMade(_ transport: any Transport), and give a helper another name"
  )
  public static func checkConnectionMade() {}
  /// For a program with a misspelled method.
  @available(
    *, unavailable,
    message: """
      the connectionLost of this class is never called: write func connectionLost(_ end: ConnectionEnd), whose end.error is the reason; give a helper another name
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
where SpelledMadeArgument == any Transport, SpelledMadeTransport == Never, SpelledMadeResult == Never {
  /// For a program without a misspelled method.
  public static func checkConnectionMade() {}
}

extension StreamProtocolSpelling
where
  SpelledLostArgument == ConnectionEnd, SpelledLostReason == Never, SpelledLostError == Never,
  SpelledLostResult == Never
{
  /// For a program without a misspelled method.
  public static func checkConnectionLost() {}
}

extension StreamProtocolSpelling where SpelledEndResult == Bool, SpelledEOFResult == Never {
  /// For a program without a misspelled method.
  public static func checkEndReceived() {}
}
