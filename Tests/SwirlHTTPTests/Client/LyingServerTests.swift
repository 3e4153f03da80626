import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// Each request asks for its own number, of a server that answers it and lies. `SWIRL_LYING_REQUESTS` is how many there are in all; a few
  /// thousand if it is not set.
  @Suite struct LyingServerTests {
    private static let count =
      ProcessInfo.processInfo.environment["SWIRL_LYING_REQUESTS"].flatMap { Int($0) } ?? 4000

    /// How many requests there are at once. What happens while a connection is free can be timed only where there is one.
    @Test(arguments: [1, 16], [false, true])
    func `no request gets the answer to another, however a server lies`(_ width: Int, _ isSecure: Bool) throws {
      let run = try LyingRun(count: Self.count / 4, width: width, isSecure: isSecure)
      run.run()
      #expect(run.wrong.isEmpty, "seed \(run.seed), \(run.wrong.count) wrong: \(run.wrong.prefix(10))")
      // The kernel may deliver an end a moment after it was sent, and after a request that is not to be sent twice.
      #expect(run.lost <= run.count / 200)
      #expect(run.done == run.count)
      #expect(run.lies == Set(LyingRun.lies(for: width)))
      run.bench.end()
    }
  }
}

/// So many requests, `width` of them at a time.
private final class LyingRun {
  let bench: ClientBench
  let count: Int
  let seed = UInt64.random(in: 0..<1_000_000)
  private(set) var lies: Set<Lie> = []
  private(set) var wrong: [String] = []
  private(set) var done = 0
  /// Requests that were not answered, and not repeated.
  private(set) var lost = 0
  private var begun = 0
  private let width: Int
  private let choices: [Lie]
  private var random: SeededGenerator

  init(count: Int, width: Int, isSecure: Bool) throws {
    self.count = count
    self.width = width
    random = SeededGenerator(seed: seed)
    choices = Self.lies(for: width)
    bench = try ClientBench(authority: isSecure ? TestAuthority() : nil) { $0.answerLying() }
    bench.server.countsSockets = false
    bench.server.keepsRequests = false
  }

  /// What is told apart by the moment at which it happens needs a connection of which nobody else makes use.
  static func lies(for width: Int) -> [Lie] { Lie.allCases.filter { width == 1 || !$0.isLater && !$0.isReset } }

  func run() {
    bench.reactor.callWhenRunning { [self] in for _ in 0..<width { next() } }
    // Each piece has its own guard against a hang.
    for goal in stride(from: 500, to: count + 500, by: 500) {
      bench.run(until: { [self] in done >= min(goal, count) })
    }
  }

  private func next() {
    guard begun < count else { return }
    begun += 1
    let number = begun
    let lie = choices.randomElement(using: &random)!
    // Every third is not to be repeated.
    let isRepeatable = Int.random(in: 0..<3, using: &random) > 0
    lies.insert(lie)
    let request = HTTPClient.Request(
      "\(bench.server.url)/\(number)/\(lie.rawValue)", method: isRepeatable ? .get : .post)
    var results = 0
    bench.client.fetch(request) { [self] result in
      results += 1
      if results > 1 { wrong.append("\(number) \(lie): a second result") }
      check(result, number, lie, isRepeatable)
      done += 1
      goOn(after: lie)
    }
  }

  private func check(
    _ result: Result<HTTPClient.Response, any Error>, _ number: Int, _ lie: Lie, _ isRepeatable: Bool
  ) {
    switch result {
    case .success(let response):
      let text =
        lie == .surplusAfterNone ? response.header("x-number") : response.text.trimmingCharacters(in: .whitespaces)
      if text != "\(number)" || lie == .half || lie == .noAnswer {
        wrong.append("\(number) \(lie) \(isRepeatable): \(response.status) \(text?.prefix(20) ?? "")")
      }
    case .failure(let error):
      if lie == .half || lie == .noAnswer, error is HTTPError { return }
      let code = (error as? HTTPError)?.code
      if !isRepeatable, code == .connectionLost || code == .closedEarly {
        lost += 1
      } else {
        wrong.append("\(number) \(lie) \(isRepeatable): \(error)")
      }
    }
  }

  /// The next request: from the callback, at once or when the program has computed for a while, or some turns later.
  private func goOn(after lie: Lie) {
    let connection = bench.server.connections.last
    if lie.isLater { connection?.lieLater(lie) }
    switch lie.isReset ? 2 : Int.random(in: 0..<3, using: &random) {
    case 0:
      // What comes within a tenth of a millisecond of an answer cannot be told from what comes after the request.
      if lie.isLater { compute() }
      next()
    case 1:
      bench.reactor.callSoon { [self] in
        if lie.isLater { compute() }
        next()
      }
    default: bench.reactor.callSoon { [self] in bench.reactor.callSoon { [self] in next() } }
    }
  }

  private func compute() {
    let start = bench.reactor.now
    while bench.reactor.now.nanoseconds - start.nanoseconds < 150_000 {}
  }
}
