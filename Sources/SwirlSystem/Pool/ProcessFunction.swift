/// The name of a function that worker processes run, with its types: what both sides of a ``ProcessPool`` share.
///
/// ```swift
/// let square = ProcessFunction<Int, Int>("square")
/// ProcessPool.register(square) { $0 * $0 }        // in the worker
/// pool.call(square, 7)                            // where it is called
/// ```
public struct ProcessFunction<Input: Codable & Sendable, Output: Codable & Sendable>: Sendable {
  /// What it is registered as.
  public let name: String

  /// - Parameter name: what it is registered as.
  public init(_ name: String) { self.name = name }
}
