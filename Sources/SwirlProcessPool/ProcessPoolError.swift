public import SwirlSystem

/// Why a call of a ``ProcessPool`` has no result.
public struct ProcessPoolError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Sendable, Hashable, Codable {
    private let name: String
    private init(_ name: String) { self.name = name }
    /// No function of this name is registered in the worker.
    public static let unknownFunction = Code("unknownFunction")
    /// The input cannot be encoded as JSON, or the function cannot decode it.
    public static let input = Code("input")
    /// The output cannot be encoded as JSON, or does not decode as the expected type.
    public static let output = Code("output")
    /// The function threw; `reason` is the text of its error.
    public static let function = Code("function")
    /// The pool was closed.
    public static let closed = Code("closed")
  }

  /// The kind of failure.
  public let code: Code
  /// The function's name.
  public let function: String
  /// The reason in words. If the function threw, the text of its error.
  public let reason: String

  init(_ code: Code, _ function: String, _ reason: String) {
    self.code = code
    self.function = function
    self.reason = reason
  }

  /// `call square: no function of this name is registered in the worker: …`
  public var description: String { "call \(function): \(reason)" }
}

/// A worker process ended before it sent the result of its call. The other calls continue, and the pool starts another
/// worker.
public struct WorkerDiedError: Error, Sendable, Hashable, CustomStringConvertible {
  /// How it ended.
  public let status: ProcessStatus
  /// The function that it was running.
  public let function: String
  let hasAnswered: Bool

  /// The exit status, and what to look at.
  public var description: String {
    "call \(function): its worker process ended with \(status)"
      + (hasAnswered
        ? ""
        : "; does the program call ProcessPool.serveIfWorker() at the beginning of main, after it has registered its functions?")
  }
}
