/// The failure of something that was given a time and did not end in it.
public struct TimeoutError: Error, Hashable, CustomStringConvertible {
  /// The time it was given.
  public let duration: Duration
  /// What was given the time, such as `GET http://127.0.0.1:8080/`.
  public let what: String

  /// - Parameters:
  ///   - duration: the time it was given.
  ///   - what: what was given the time, as the first words of a sentence.
  public init(after duration: Duration, what: String = "the operation") {
    self.duration = duration
    self.what = what
  }

  /// What did not end in what time.
  public var description: String { "\(what) did not end within \(duration)" }
}
