import Foundation
import SwirlDeferred
import Synchronization
import SwirlTesting
import Testing

@testable import SwirlReactor

/// Tasks that are cancelled at random moments while they await Deferreds that fire at random moments. Serialized,
/// because each uses all processors.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CancellationStormTests {
  /// SWIRL_STORM sets their number.
  private static let count = ProcessInfo.processInfo.environment["SWIRL_STORM"].flatMap { Int($0) } ?? 100_000
  /// Each run has its own seed; SWIRL_SEED repeats one.
  private static let seed =
    ProcessInfo.processInfo.environment["SWIRL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)
  private static let batch = 500

  @Test
  func `on the reactor's thread each awaited Deferred is fired or cancelled once, and each task hears of that one`()
    async throws
  {
    let thread = ReactorThread()
    let ledger = Ledger()
    var random = SeededGenerator(seed: Self.seed)
    let resident = Resident(on: thread.remote)
    var done = 0
    while done < Self.count {
      let plans = (0..<Self.batch).map { Plan(done + $0 + 1, &random) }
      done += plans.count
      // Made, cancelled and awaited on the thread.
      try await Task(executorPreference: thread.remote) { @concurrent in
        let tasks = plans.map { plan in
          Task(executorPreference: thread.remote) { @concurrent in
            if plan.isOnActor { await resident.await(plan, ledger) } else { await Self.await(plan, ledger) }
          }
        }
        try await thread.run { reactor in
          for (task, plan) in zip(tasks, plans) {
            guard let turns = plan.cancelTurns else { continue }
            reactor.afterTurns(turns) { task.cancel() }
          }
        }
        for task in tasks { await task.value }
      }.value
    }
    await ledger.check(seed: Self.seed, count: done)
    await thread.stop()
  }

  @Test func `across threads each awaited Deferred is fired or cancelled once, and each task hears of that one`()
    async throws
  {
    let thread = ReactorThread()
    let ledger = Ledger()
    var random = SeededGenerator(seed: Self.seed)
    let resident = Resident(on: thread.remote)
    let stranger = Stranger(thread.remote)
    var done = 0
    while done < Self.count {
      let plans = (0..<Self.batch).map { Plan(done + $0 + 1, &random) }
      done += plans.count
      let tasks = plans.map { plan in
        switch plan.place {
        case .reactor: Task(executorPreference: thread.remote) { @concurrent in await Self.await(plan, ledger) }
        case .resident: Task.detached { await resident.await(plan, ledger) }
        case .pool: Task.detached { await Self.awaitFromAfar(plan, thread.remote, ledger) }
        case .stranger: Task.detached { await stranger.awaitFromAfar(plan, thread.remote, ledger) }
        case .alone: Task.detached { await Self.awaitAlone(plan, ledger) }
        }
      }
      let cancelled = zip(tasks, plans).compactMap { task, plan in plan.isCancelledFromAfar ? task : nil }
      let shuffled = cancelled.shuffled(using: &random)
      let half = shuffled.count / 2
      // From two threads at once, and from the reactor's own.
      async let one: Void = Self.cancel(shuffled[..<half])
      async let two: Void = Self.cancel(shuffled[half...])
      thread.remote.callFromThread { reactor in
        for (task, plan) in zip(tasks, plans) {
          guard !plan.isCancelledFromAfar, let turns = plan.cancelTurns else { continue }
          reactor.afterTurns(turns) { task.cancel() }
        }
      }
      _ = await (one, two)
      for task in tasks { await task.value }
    }
    await ledger.check(seed: Self.seed, count: done)
    await thread.stop()
  }

  @concurrent private static func cancel(_ tasks: ArraySlice<Task<Void, Never>>) async {
    for task in tasks { task.cancel() }
  }

  // MARK: - The plans

  /// The events of one Deferred.
  struct Plan: Sendable {
    enum Place: CaseIterable { case reactor, resident, pool, stranger, alone }

    let number: Int
    let place: Place
    let isOnActor: Bool
    /// The number of turns until it is fired; nil for never.
    let fireTurns: Int?
    /// The number of reactor turns until its task is cancelled; nil for never.
    let cancelTurns: Int?
    let isCancelledFromAfar: Bool
    /// Whether the canceller fires the Deferred itself.
    let cancellerFires: Bool

    init(_ number: Int, _ random: inout SeededGenerator) {
      self.number = number
      let place = Place.allCases.randomElement(using: &random)!
      self.place = place
      isOnActor = .random(using: &random)
      cancelTurns = Int.random(in: 0..<10, using: &random) == 0 ? nil : .random(in: 0..<4, using: &random)
      isCancelledFromAfar = cancelTurns != nil && (place == .alone || .random(using: &random))
      // A Deferred that is neither fired nor cancelled would never end.
      let neverFires = cancelTurns != nil && Int.random(in: 0..<3, using: &random) == 0
      fireTurns = neverFires ? nil : .random(in: 0..<4, using: &random)
      cancellerFires = Int.random(in: 0..<4, using: &random) == 0
    }
  }

  /// A Deferred that follows the plan, made on the reactor's thread.
  private static func begin(_ plan: Plan, _ ledger: Ledger, on reactor: Reactor) -> Deferred<Int> {
    let witness = Witness(ledger, plan.number)
    let deferred = Deferred<Int>(canceller: { deferred in
      witness.cancel()
      if plan.cancellerFires { deferred.callback(-plan.number) }
    })
    if let turns = plan.fireTurns {
      reactor.afterTurns(turns) {
        // The producer of a cancelled Deferred does nothing.
        guard !deferred.isFired else { return }
        witness.fire()
        deferred.callback(plan.number)
      }
    } else {
      // The producer of a remote call, which retains it.
      witness.keep(deferred)
    }
    return deferred.addBoth { result in
      witness.end()
      return try result.get()
    }
  }

  private static func await(_ plan: Plan, _ ledger: Ledger) async {
    let deferred = begin(plan, ledger, on: .current)
    do { ledger.note(plan, .success(try await deferred.value)) } catch { ledger.note(plan, .failure(error)) }
  }

  private static func awaitFromAfar(
    _ plan: Plan, _ remote: RemoteReactor, _ ledger: Ledger, isolation: isolated (any Actor)? = #isolation
  ) async {
    do {
      let value = try await remote.run { reactor in begin(plan, ledger, on: reactor) }
      ledger.note(plan, .success(value))
    } catch { ledger.note(plan, .failure(error)) }
  }

  /// A Deferred that only its task owns: only its canceller fires it.
  @concurrent private static func awaitAlone(_ plan: Plan, _ ledger: Ledger) async {
    let witness = Witness(ledger, plan.number)
    let deferred = Deferred<Int>(canceller: { deferred in
      witness.cancel()
      if plan.cancellerFires { deferred.callback(-plan.number) }
    })
    if plan.cancelTurns == nil {
      witness.fire()
      deferred.callback(plan.number)
    }
    let last = deferred.addBoth { result in
      witness.end()
      return try result.get()
    }
    do { ledger.note(plan, .success(try await last.value)) } catch { ledger.note(plan, .failure(error)) }
  }

  private actor Resident {
    private let remote: RemoteReactor
    init(on remote: RemoteReactor) { self.remote = remote }
    nonisolated var unownedExecutor: UnownedSerialExecutor { remote.asUnownedSerialExecutor() }
    func await(_ plan: Plan, _ ledger: Ledger) async { await CancellationStormTests.await(plan, ledger) }
  }

  private actor Stranger {
    init(_ remote: RemoteReactor) {}
    func awaitFromAfar(_ plan: Plan, _ remote: RemoteReactor, _ ledger: Ledger) async {
      await CancellationStormTests.awaitFromAfar(plan, remote, ledger)
    }
  }

  // MARK: - The outcome

  /// The events of one Deferred. Its callbacks and producers retain this.
  ///
  /// Unchecked, because only the thread of its Deferred accesses it.
  private final class Witness: @unchecked Sendable {
    private let ledger: Ledger
    private let number: Int
    private var fires = 0
    private var cancels = 0
    private var ends = 0
    private var kept: AnyDeferred?

    init(_ ledger: Ledger, _ number: Int) {
      self.ledger = ledger
      self.number = number
      ledger.alive.add(1, ordering: .relaxed)
    }

    func keep(_ deferred: AnyDeferred) { kept = deferred }
    func fire() { fires += 1 }
    func cancel() {
      cancels += 1
      kept = nil
    }
    func end() {
      ends += 1
      if fires + cancels != 1 || ends != 1 {
        ledger.complain("\(number): fired \(fires) times, cancelled \(cancels) times, ended \(ends) times")
      }
    }

    deinit {
      // A Deferred that was never started has no events.
      if ends != 1 || fires + cancels != 1 {
        ledger.complain("\(number) goes: fired \(fires) times, cancelled \(cancels) times, ended \(ends) times")
      }
      ledger.alive.subtract(1, ordering: .releasing)
    }
  }

  private final class Ledger: Sendable {
    let alive = Atomic(0)
    private let complaints = Guarded<[String]>([])
    private let ended = Guarded<(values: Int, cancellations: Int)>((0, 0))

    func complain(_ words: String) { complaints.withLock { if $0.count < 10 { $0.append(words) } } }

    func note(_ plan: Plan, _ result: Result<Int, any Error>) {
      switch result {
      case .success(let value):
        let isRight = value == plan.number || value == -plan.number && plan.cancellerFires
        if !isRight { complain("\(plan.number) got \(value)") }
        if value == plan.number, plan.fireTurns == nil, plan.place != .alone {
          complain("\(plan.number) got a value from nobody")
        }
        ended.withLock { $0.values += 1 }
      case .failure(let error):
        if !(error is CancelledError) { complain("\(plan.number) threw \(error)") }
        if plan.cancelTurns == nil { complain("\(plan.number) was not cancelled, and threw \(error)") }
        ended.withLock { $0.cancellations += 1 }
      }
    }

    func check(seed: UInt64, count: Int) async {
      // A task may release its last object after its end is known.
      var yields = 0
      while alive.load(ordering: .acquiring) > 0, yields < 1_000_000 {
        await Task.yield()
        yields += 1
      }
      let seed = "seed \(seed)"
      #expect(alive.load(ordering: .acquiring) == 0, "\(seed)")
      #expect(complaints.withLock { $0 } == [], "\(seed)")
      let (values, cancellations) = ended.withLock { $0 }
      #expect(values + cancellations == count, "\(seed)")
      // Otherwise the random times miss the interesting moments.
      #expect(values > count / 10 && cancellations > count / 10, "\(seed)")
    }
  }
}

extension Reactor {
  /// Calls `body` after that many turns; at once for zero.
  fileprivate func afterTurns(_ turns: Int, _ body: @escaping () -> Void) {
    if turns == 0 { return body() }
    callSoon { [unowned self] in afterTurns(turns - 1, body) }
  }
}
