import Foundation
import Swirl
import Terminal

/// Measures a store without fetching pages: takes URLs ten at a time, and stores them. For `Scripts/bench`.
@MainActor struct Measurement {
  private let options: Options

  init(_ options: Options) { self.options = options }

  /// Prints a line of JSON.
  func run() async throws {
    let store = try makeStore(options)
    try await store.open()
    var (taking, done, empty) = ([Double](), 0, 0)
    let start = reactor.now
    while done < options.measured {
      let before = reactor.now
      let taken = try await store.take(options.concurrency, notOf: [])
      taking.append((reactor.now - before) / .milliseconds(1))
      // Another crawler may have taken the same hosts at the same time.
      empty = taken.isEmpty ? empty + 1 : 0
      if empty == 10 { break }
      for url in taken {
        _ = try await store.finish(url.url, PageRecord(url: url.url, status: 200, size: 1000), links: [:])
      }
      done += taken.count
    }
    let seconds = (reactor.now - start) / .seconds(1)
    taking.sort()
    let (median, late) = (taking[taking.count / 2], taking[taking.count * 99 / 100])
    let take = taking.reduce(0, +) / 1000
    try put("{\"urls\": \(done), \"seconds\": \(seconds), \"take\": \(take), \"median\": \(median), \"p99\": \(late)}")
  }
}
