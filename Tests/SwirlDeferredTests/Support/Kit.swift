import SwirlDeferred

/// An error with an identity.
struct Boom: Error, Equatable, CustomStringConvertible {
  var description: String
  init(_ description: String = "boom") { self.description = description }
}

/// Counts the living objects.
final class Census {
  fileprivate(set) var alive = 0
  func newCitizen() -> Citizen { Citizen(self) }
}

/// An object to capture. Its deinit is counted, and can run a closure.
final class Citizen {
  private let census: Census
  var atEnd: (() -> Void)?
  fileprivate init(_ census: Census) {
    self.census = census
    census.alive += 1
  }
  func touch() {}
  deinit {
    census.alive -= 1
    atEnd?()
  }
}

/// Logs events in order.
final class Log {
  var lines: [String] = []
  func callAsFunction(_ line: String) { lines.append(line) }
  func take() -> [String] {
    defer { lines = [] }
    return lines
  }
}

extension Deferred {
  /// Logs the result under `name` and passes it on.
  @discardableResult
  func noting(_ name: String, in log: Log) -> Deferred<Value> {
    addBoth { result in
      switch result {
      case .success(let value): log("\(name)=\(value)")
      case .failure(let error): log("\(name)!\(error)")
      }
      return try result.get()
    }
  }

  /// Logs the result under `name`, as the end of a chain.
  func noteEnd(_ name: String, in log: Log) {
    addBoth { result in
      switch result {
      case .success(let value): log("\(name)=\(value)")
      case .failure(let error): log("\(name)!\(error)")
      }
    }
  }
}

/// A clock that the test advances by hand.
final class HandClock: ReactorTime {
  final class Call: CancellableCall {
    let due: Instant
    var body: (() throws -> Void)?
    init(due: Instant, body: @escaping () throws -> Void) {
      self.due = due
      self.body = body
    }
    func cancel() { body = nil }
  }

  private(set) var now = Instant(nanoseconds: 0)
  var wallTime: Duration { .nanoseconds(now.nanoseconds) }
  private var calls: [Call] = []

  func callLater(
    _ delay: Duration, file: StaticString, line: UInt, _ body: @escaping () throws -> Void
  ) -> Call {
    let call = Call(due: now + delay, body: body)
    calls.append(call)
    return call
  }

  /// The number of pending calls.
  var waiting: Int { calls.count { $0.body != nil } }

  func advance(by step: Duration) {
    let end = now + step
    while let next = calls.filter({ $0.body != nil && $0.due <= end }).min(by: { $0.due < $1.due }) {
      now = next.due
      let body = next.body
      next.body = nil
      try? body?()
    }
    now = end
    calls.removeAll { $0.body == nil }
  }
}
