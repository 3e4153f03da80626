/// The failure of an operation that exceeded its time limit.
public struct TimeoutError: Error, Hashable, CustomStringConvertible {
  /// The time limit.
  public let duration: Duration
  /// The operation, such as `GET http://127.0.0.1:8080/`.
  public let what: String

  /// - Parameters:
  ///   - duration: the time limit.
  ///   - what: the operation, as the subject of a sentence.
  public init(after duration: Duration, what: String = "the operation") {
    self.duration = duration
    self.what = what
  }

  /// The operation and its limit in words.
  public var description: String { "\(what) did not end within \(duration)" }
}
