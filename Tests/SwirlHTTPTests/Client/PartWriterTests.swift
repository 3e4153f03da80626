import Foundation
import SwirlDeferred
import SwirlReactor
import SwirlSystem
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

@Suite(.failsOnUnhandledFailures) final class PartWriterTests {
  private let path = FileManager.default.temporaryDirectory.appending(path: "swirl-\(UUID()).bin").path
  private var partPath: String { path + ".part" }
  private let reactor = Reactor()

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    try? FileManager.default.removeItem(atPath: partPath)
  }

  private func writer(to path: String) throws -> (PartWriter, PartFile) {
    let part = PartFile(path)
    _ = try part.open()
    let writer = PartWriter(part, on: reactor)
    writer.beginning = (0, nil)
    return (writer, part)
  }

  private func wait(for deferred: Deferred<Void>) -> Result<Void, any Error>? {
    var outcome: Result<Void, any Error>?
    deferred.addBoth {
      outcome = $0
      self.reactor.stop()
    }
    if outcome == nil { reactor.run() }
    return outcome
  }

  private func piece(_ number: Int, _ count: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: count)
  }

  @Test func `it is full when a batch is collected while the last one is written`() throws {
    let (writer, part) = try writer(to: path)
    var all: [UInt8] = []
    var number = 0
    func add(_ count: Int) {
      number += 1
      let bytes = piece(number, count)
      all += bytes
      writer.add(bytes)
    }
    // The outcome of a write comes when the reactor runs, so that this one is under way throughout.
    add(600_000)
    for _ in 0..<5 {
      #expect(!writer.isFull)
      add(100_000)
    }
    #expect(!writer.isFull)
    add(100_000)
    #expect(writer.isFull)
    #expect(try wait(for: writer.room())?.get() != nil)
    // A reactor that stops waits for its threads: both are written, and their memory is used again.
    add(700_000)
    #expect(!writer.isFull)
    add(600_000)
    #expect(writer.isFull)
    #expect(try wait(for: writer.flush())?.get() != nil)
    #expect(FileManager.default.contents(atPath: partPath).map { [UInt8]($0) } == all)
    try part.finish(all.count)
  }

  @Test(arguments: [1_000, 600_000]) func `a write that fails is the outcome of all that wait`(count: Int) throws {
    let (writer, _) = try writer(to: "/dev/full")
    writer.add(piece(0, count))
    let flushed = wait(for: writer.flush())
    #expect(throws: FileError.self) { try flushed?.get() }
    #expect(writer.isFull)
    #expect(throws: FileError.self) { try self.wait(for: writer.room())?.get() }
  }

  @Test func `nothing is written after it was abandoned`() throws {
    let (writer, _) = try writer(to: path)
    let first = piece(0, 600_000)
    writer.add(first)
    writer.add(piece(1, 1_000))
    writer.abandon()
    reactor.callSoon { self.reactor.stop() }
    // It waits for the write that is under way.
    reactor.run()
    #expect(FileManager.default.contents(atPath: partPath).map { [UInt8]($0) } == first)
  }
}
