import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// Each request asks for its own number from a server that answers it and misbehaves. `SWIRL_LYING_REQUESTS` sets the
  /// total number of requests; the default is a few thousand.
  @Suite struct LyingServerTests {
    private static let count =
      ProcessInfo.processInfo.environment["SWIRL_LYING_REQUESTS"].flatMap { Int($0) } ?? 4000

    /// The number of concurrent requests. Events on an idle connection can be timed only if there is a single one.
    @Test(arguments: [1, 16], [false, true])
    func `no request gets the answer to another, however a server lies`(_ width: Int, _ isSecure: Bool) throws {
      let run = try LyingRun(count: Self.count / 4, width: width, isSecure: isSecure)
      run.run()
      #expect(run.wrong.isEmpty, "seed \(run.seed), \(run.wrong.count) wrong: \(run.wrong.prefix(10))")
      // The kernel may deliver EOF a moment after it was sent, behind a request that must not be repeated.
      #expect(run.lost <= run.count / 200)
      #expect(run.done == run.count)
      #expect(run.lies == Set(LyingRun.lies(for: width)))
      run.bench.end()
    }
  }
}

/// Runs this many requests, `width` of them at a time.
private final class LyingRun {
  let bench: ClientBench
  let count: Int
  let seed = UInt64.random(in: 0..<1_000_000)
  private(set) var lies: Set<Lie> = []
  private(set) var wrong: [String] = []
  private(set) var done = 0
  /// Requests without a response that were not repeated.
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

  /// Lies that depend on their timing need a connection that no other request uses.
  static func lies(for width: Int) -> [Lie] { Lie.allCases.filter { width == 1 || !$0.isLater && !$0.isReset } }

  func run() {
    bench.reactor.callWhenRunning { [self] in for _ in 0..<width { next() } }
    // Each batch has its own guard against a hang.
    for goal in stride(from: 500, to: count + 500, by: 500) {
      bench.run(until: { [self] in done >= min(goal, count) })
    }
  }

  private func next() {
    guard begun < count else { return }
    begun += 1
    let number = begun
    let lie = choices.randomElement(using: &random)!
    // Every third request must not be repeated.
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
        lie == .surplusAfterNone ? response["x-number"] : response.text.trimmingCharacters(in: .whitespaces)
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

  /// Sends the next request: in the callback, at once or after some computing, or some turns later.
  private func goOn(after lie: Lie) {
    let connection = bench.server.connections.last
    if lie.isLater { connection?.lieLater(lie) }
    switch lie.isReset ? 2 : Int.random(in: 0..<3, using: &random) {
    case 0:
      // Bytes within a tenth of a millisecond of a response cannot be distinguished from bytes after the next request.
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
