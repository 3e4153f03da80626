import HTTPTypes
import Logging
import SwirlDeferred
import SwirlReactor

/// Runs the checks of a readiness route, once for all requests that come meanwhile.
final class Readiness {
  enum Outcome: String {
    case ok
    case failed
    case timeout
  }

  private let checks: [HTTPServer.HealthCheck]
  private var waiters: [Deferred<[Outcome]>] = []
  private var isRunning = false
  /// The last outcomes, to log changes alone.
  private var last: [Outcome]
  var logger = Logger(label: "swirl.http.health")

  init(_ checks: [HTTPServer.HealthCheck]) {
    self.checks = checks
    last = checks.map { _ in .ok }
  }

  func answer(_ request: HTTPServer.Request) -> Deferred<HTTPServer.Response> {
    let state = request.connection.server
    if state?.isStopping == true { return .succeed(response("stopping", [])) }
    if checks.isEmpty { return .succeed(response("ready", [])) }
    let waiter = Deferred<[Outcome]>()
    waiters.append(waiter)
    if !isRunning { run(on: .current) }
    return waiter.addCallback { [self] outcomes in
      // It may have begun to stop meanwhile.
      if state?.isStopping == true { return response("stopping", outcomes) }
      return response(outcomes.allSatisfy { $0 == .ok } ? "ready" : "unready", outcomes)
    }
  }

  private func run(on reactor: Reactor) {
    isRunning = true
    var outcomes = checks.map { _ in Outcome.ok }
    var left = checks.count
    for (index, check) in checks.enumerated() {
      check.run().addTimeout(check.timeout, clock: reactor).addBoth { [self] result in
        if case .failure(let error) = result { outcomes[index] = note(error, of: index) }
        if last[index] != .ok, outcomes[index] == .ok { logger.notice("the check \(check.name) is met again") }
        last[index] = outcomes[index]
        left -= 1
        if left == 0 { end(outcomes) }
      }
    }
  }

  private func note(_ error: any Error, of index: Int) -> Outcome {
    let outcome = error is TimeoutError ? Outcome.timeout : .failed
    let check = checks[index]
    if last[index] == .ok {
      let reason = outcome == .timeout ? "it took longer than \(check.timeout)" : "\(error)"
      logger.error("not ready: the check \(check.name) is not met: \(reason)")
    }
    return outcome
  }

  private func end(_ outcomes: [Outcome]) {
    isRunning = false
    let waiters = waiters
    self.waiters = []
    for waiter in waiters where !waiter.isFired { waiter.callback(outcomes) }
  }

  private func response(_ status: String, _ outcomes: [Outcome]) -> HTTPServer.Response {
    var line = LogLine()
    line.append("{")
    line.appendMember("status", status)
    line.append(",\"checks\":{")
    for (check, outcome) in zip(checks, outcomes) { line.appendMember(check.name, outcome.rawValue) }
    line.append("}}\n")
    return .bytes(
      line.bytes, type: "application/json", status: status == "ready" ? .ok : .serviceUnavailable,
      headers: [.cacheControl: "no-store"])
  }
}
