/// The name and the types of a function that worker processes run. Both sides of a ``ProcessPool`` share it.
///
/// ```swift
/// let square = ProcessFunction<Int, Int>("square")
/// ProcessPool.register(square) { $0 * $0 }        // in the worker
/// pool.call(square, 7)                            // where it is called
/// ```
public struct ProcessFunction<Input: Codable & Sendable, Output: Codable & Sendable>: Sendable {
  /// The name under which it is registered.
  public let name: String

  /// - Parameter name: the name under which it is registered.
  public init(_ name: String) { self.name = name }
}
