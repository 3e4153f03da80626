import SwirlDeferred

/// Runs programs of Deferreds, as `Scripts/differential/generate.py` does on Twisted. That script documents the
/// operations, and the rules that restrict them to the common behaviour.
///
/// Values are text, so that every Deferred of a program has one type. Twisted changes a Deferred with each callback;
/// this keeps the stages of a chain, fires the first and adds to the last.
final class Machine {
  struct Raised: Error {
    let number: Int
  }

  /// An error with an even number.
  struct Even: Error {
    let number: Int
  }

  private static func raised(_ number: Int) -> any Error {
    number.isMultiple(of: 2) ? Even(number: number) : Raised(number: number)
  }

  private final class Chain {
    let source: Deferred<String>?
    var stages: [AnyDeferred]
    var last: Deferred<String>
    /// The stages whose callbacks have run, as indices of `stages`.
    var started: Set<Int> = []
    var pauses = 0
    var paused: AnyDeferred?

    init(source: Deferred<String>) {
      self.source = source
      stages = [source]
      last = source
    }

    init(gathering: AnyDeferred, told: Deferred<String>) {
      source = nil
      stages = [gathering, told]
      last = told
    }

    /// The stage that the chain has reached: the one that waits for an inner Deferred, otherwise the last with a
    /// result.
    var reached: AnyDeferred {
      guard let next = stages.firstIndex(where: { !$0.isFired }) else { return last }
      return next == 0 || started.contains(next) ? stages[next] : stages[next - 1]
    }
  }

  private struct WeakSource {
    weak var source: Deferred<String>?
  }

  private var chains: [Int: Chain] = [:]
  private var closed: Set<Int> = []
  private var member: Set<Int> = []
  private var gathered: Set<Int> = []
  private var fixed: Set<Int> = []
  private var running: [Int] = []
  private var trace: [String] = []
  private var lost: [String] = []

  /// The program's trace, and whether it has made a ring of linked Deferreds that never fire. Such a ring retains
  /// itself and its listeners until it is cancelled; Python's collector frees it.
  static func run(_ program: [[Any]]) -> (trace: [String], isRing: Bool) {
    let machine = Machine()
    for operation in program { machine.perform(operation) }
    while let index = machine.chains.filter({ $0.value.pauses > 0 }).keys.min() { machine.unpause(index) }
    let sources = machine.chains.values.map { WeakSource(source: $0.source) }
    machine.chains = [:]
    machine.noteReports()
    let seen = machine.trace + ["lost \(machine.lost.sorted().joined(separator: " "))"]
    let isRing = sources.contains { $0.source != nil }
    for weak in sources { weak.source?.cancel() }
    _ = Reports.take()
    return (seen, isRing)
  }

  // MARK: - Logging

  private func note(_ line: String) {
    noteReports()
    trace.append(line)
  }

  /// Logs the reports since the last line.
  private func noteReports() {
    for report in Reports.take() {
      switch report.code {
      case .unhandledFailure: lost.append(Self.words(report.error!))
      default: trace.append("twice")
      }
    }
  }

  static func words(_ error: any Error) -> String {
    switch error {
    case let raised as Raised: "E\(raised.number)"
    case let even as Even: "E\(even.number)"
    case is CancelledError: "cancelled"
    case let first as FirstError: "first(\(first.index),\(words(first.error)))"
    case let all as FailureGroup: "all(\(all.errors.map { words($0) }.joined(separator: ",")))"
    default: "\(error)"
    }
  }

  private static func words(_ results: [Result<String, any Error>]) -> String {
    let list = results.map { result in
      switch result {
      case .success(let value): "+" + value
      case .failure(let error): "-" + words(error)
      }
    }
    return "[\(list.joined(separator: ","))]"
  }

  // MARK: - Operations

  private func perform(_ operation: [Any]) {
    let name = operation[0] as! String
    let index = operation[1] as! Int
    switch name {
    case "new": make(index, operation[2] as! Int, operation[3] as! Int)
    case "add": add(index, operation[2] as! String, operation[3...].map { $0 as! [Any] })
    case "cb": chains[index]!.source!.callback("\(operation[2])")
    case "eb": chains[index]!.source!.errback(Self.raised(operation[2] as! Int))
    case "cancel": if !fixed.contains(index) { chains[index]!.last.cancel() }
    case "pause": pause(index)
    case "unpause": unpause(index)
    case "chain": link(index, operation[2] as! Int)
    case "list": list(index, operation[2] as! [Int], operation[3] as! Int)
    case "gather":
      gathered.insert(index)
      let gathered = gatherResults(take(operation[2] as! [Int], areClosed: true))
      let told = gathered.addCallback { "[\($0.joined(separator: ","))]" }
      chains[index] = Chain(gathering: gathered, told: told)
    case "race":
      fixed.insert(index)
      var members = take(operation[2] as! [Int], areClosed: true)
      if members.isEmpty { members = [.succeed("nobody")] }
      let decided = race(members)
      chains[index] = Chain(gathering: decided, told: decided.addCallback { "\($0.index):\($0.value)" })
    default: preconditionFailure("unknown operation \(name)")
    }
  }

  private func make(_ index: Int, _ kind: Int, _ argument: Int) {
    guard kind > 0 else { return chains[index] = Chain(source: Deferred()) }
    chains[index] = Chain(
      source: Deferred(canceller: { [self] deferred in
        note("canceller \(index)")
        if kind == 2 { deferred.callback("\(argument)") }
        if kind == 3 { deferred.errback(Self.raised(argument)) }
      }))
  }

  private func add(_ index: Int, _ verb: String, _ callbacks: [[Any]]) {
    guard !closed.contains(index), running.isEmpty || !member.contains(index) else { return }
    let chain = chains[index]!
    let stage = chain.stages.count
    let functions = callbacks.map { run($0, of: index, stage: stage) }
    // A callback that runs at once may add to this chain, in Twisted after itself. So it must run only when the chain
    // has its stage.
    let before = chain.last
    let mayAdd = callbacks.contains { !($0[1] as! [Any]).isEmpty }
    if mayAdd { before.pause() }
    let made: Deferred<String> =
      switch verb {
      case "c": chain.last.addCallback { try functions[0](.success($0)) }
      case "e": chain.last.addErrback { try functions[0](.failure($0)) }
      case "t": chain.last.addErrback(Even.self) { try functions[0](.failure($0)) }
      case "u": chain.last.addErrback(CancelledError.self) { try functions[0](.failure($0)) }
      case "b": chain.last.addBoth { try functions[0]($0) }
      default: chain.last.addCallbacks({ try functions[0](.success($0)) }, { try functions[1](.failure($0)) })
      }
    chain.stages.append(made)
    chain.last = made
    if mayAdd { before.unpause() }
  }

  private typealias Function = (Result<String, any Error>) throws -> Deferred<String>

  private func run(_ callback: [Any], of index: Int, stage: Int) -> Function {
    { [self] result in
      // The program has ended, and its pending Deferreds are being cancelled.
      guard let chain = chains[index] else { throw CancelledError() }
      chain.started.insert(stage)
      let number = callback[0] as! Int
      switch result {
      case .success(let value): note("\(number)=\(value)")
      case .failure(let error): note("\(number)!\(Self.words(error))")
      }
      running.append(index)
      defer { running.removeLast() }
      for operation in callback[1] as! [[Any]] { perform(operation) }
      let outcome = callback[2] as! [Any]
      switch outcome[0] as! String {
      case "v": return .succeed("\(outcome[1])")
      case "x": throw Self.raised(outcome[1] as! Int)
      case "s": return .succeed(try result.get())
      default:
        let inner = outcome[1] as! Int
        if gathered.contains(index) || closed.contains(inner) || member.contains(inner) || fixed.contains(inner)
          || running.contains(inner)
        {
          return .succeed("busy")
        }
        closed.insert(inner)
        return chains[inner]!.last
      }
    }
  }

  private func pause(_ index: Int) {
    guard !running.contains(index), !member.contains(index) else { return }
    let chain = chains[index]!
    if chain.pauses == 0 { chain.paused = chain.reached }
    chain.pauses += 1
    chain.paused!.pause()
  }

  private func unpause(_ index: Int) {
    let chain = chains[index]!
    guard chain.pauses > 0 else { return }
    chain.pauses -= 1
    chain.paused!.unpause()
  }

  private func link(_ index: Int, _ target: Int) {
    guard !closed.contains(index), index != target else { return }
    closed.insert(index)
    member.insert(index)
    chains[index]!.last.chainDeferred(chains[target]!.source!)
  }

  private func take(_ members: [Int], areClosed: Bool) -> [Deferred<String>] {
    let kept = members.filter { !closed.contains($0) && !fixed.contains($0) }
    member.formUnion(kept)
    if areClosed { closed.formUnion(kept) }
    return kept.map { chains[$0]!.last }
  }

  private func list(_ index: Int, _ members: [Int], _ flags: Int) {
    gathered.insert(index)
    let (errback, consume) = (flags & 2 > 0, flags & 4 > 0)
    let members = take(members, areClosed: consume)
    if !consume { fixed.insert(index) }
    guard flags & 1 > 0, !members.isEmpty else {
      let made = DeferredList(members, fireOnOneErrback: errback, consumeErrors: consume)
      return chains[index] = Chain(gathering: made, told: made.addCallback { Self.words($0) })
    }
    let made = DeferredList(members, fireOnOneCallback: true, fireOnOneErrback: errback, consumeErrors: consume)
    let told = made.addCallback { outcome in
      switch outcome {
      case .first(let index, let value): "\(index):\(value)"
      case .all(let results): Self.words(results)
      }
    }
    chains[index] = Chain(gathering: made, told: told)
  }
}
