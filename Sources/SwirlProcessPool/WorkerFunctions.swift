import SwirlDeferred
import SwirlReactor

/// The functions that this program's workers run, by name.
///
/// Unchecked, because the functions are only accessed under the lock.
final class WorkerFunctions: @unchecked Sendable {
  typealias Body = @Sendable (_ call: [UInt8]) async -> [UInt8]

  static let all = WorkerFunctions()

  private let lock = Lock()
  private var bodies: [String: Body] = [:]

  func add(_ name: String, _ body: @escaping Body) {
    let isNew = lock.withLock { bodies.updateValue(body, forKey: name) == nil }
    require(isNew, "a function named \(name) is registered already")
  }

  subscript(name: String) -> Body? { lock.withLock { bodies[name] } }
  var names: [String] { lock.withLock { bodies.keys.sorted() } }

  /// Adds a function, with the code that decodes its input and encodes its output.
  func add<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ function: ProcessFunction<Input, Output>, _ body: @escaping @Sendable (Input) async throws -> Output
  ) {
    add(function.name) { call in
      let input: Input
      do { input = try WorkerMessages.decode(WorkerMessages.Call<Input>.self, call).input } catch {
        return Self.failure(.input, "it takes \(Input.self), and this is not one: \(WorkerMessages.words(error))")
      }
      let output: Output
      do { output = try await body(input) } catch { return Self.failure(.function, "\(error)") }
      do { return try WorkerMessages.encode(WorkerMessages.Success(output: output)) } catch {
        return Self.failure(.output, "what it returned cannot be written as JSON: \(WorkerMessages.words(error))")
      }
    }
  }

  /// The answer to a call.
  func answer(_ call: [UInt8]) async -> [UInt8] {
    guard let name = try? WorkerMessages.decode(WorkerMessages.CallName.self, call).function else {
      return Self.failure(.input, "this is no call")
    }
    guard let body = self[name] else {
      let names = names.isEmpty ? "none is" : "these are: \(names.joined(separator: ", "))"
      return Self.failure(
        .unknownFunction, "no function of this name is registered before serveIfWorker() is called; \(names)")
    }
    return await body(call)
  }

  private static func failure(_ code: ProcessPoolError.Code, _ reason: String) -> [UInt8] {
    // Encoding two strings cannot fail.
    (try? WorkerMessages.encode(WorkerMessages.Failure(code: code, reason: reason))) ?? []
  }
}
