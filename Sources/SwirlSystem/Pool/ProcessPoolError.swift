/// Why a ``ProcessPool`` has no result of a call.
public struct ProcessPoolError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Sendable, Hashable, Codable {
    private let name: String
    private init(_ name: String) { self.name = name }
    /// No function of this name is registered in the worker.
    public static let unknownFunction = Code("unknownFunction")
    /// The input cannot be written as JSON, or the function does not take it.
    public static let input = Code("input")
    /// The output cannot be written as JSON, or is not what was expected.
    public static let output = Code("output")
    /// The function threw: the words are those of its error.
    public static let function = Code("function")
    /// The pool was closed.
    public static let closed = Code("closed")
  }

  /// The kind of failure.
  public let code: Code
  /// The function's name.
  public let function: String
  /// What went wrong, in words; of an error that the function threw, its own.
  public let reason: String

  init(_ code: Code, _ function: String, _ reason: String) {
    self.code = code
    self.function = function
    self.reason = reason
  }

  /// `call square: no function of this name is registered in the worker: …`
  public var description: String { "call \(function): \(reason)" }
}

/// A worker process ended before it gave the result of its call. The other calls go on, and another worker takes its place.
public struct WorkerDiedError: Error, Sendable, Hashable, CustomStringConvertible {
  /// How it ended.
  public let status: ProcessStatus
  /// The function that it was running.
  public let function: String
  let hasAnswered: Bool

  /// How it ended, and what to look at.
  public var description: String {
    "call \(function): its worker process ended with \(status)"
      + (hasAnswered
        ? ""
        : "; does the program call ProcessPool.serveIfWorker() at the beginning of main, after it has registered its functions?")
  }
}
