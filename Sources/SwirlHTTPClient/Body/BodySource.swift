import SwirlDeferred
import SwirlHTTPCore

/// Content in pieces, on the reactor's thread. The sender requests a piece only after the previous one has arrived.
protocol BodySource: AnyObject {
  /// The next piece; nil after the last.
  func next() -> Deferred<[UInt8]?>
}

/// The pieces of a callback.
final class ProducerSource: BodySource {
  private let body: () -> Deferred<[UInt8]?>

  init(_ body: @escaping () -> Deferred<[UInt8]?>) { self.body = body }

  func next() -> Deferred<[UInt8]?> { body() }
}

/// The elements of an asynchronous sequence.
final class SequenceSource<Pieces: AsyncSequence & Sendable>: BodySource where Pieces.Element == [UInt8] {
  private var iterator: Pieces.AsyncIterator

  init(_ pieces: Pieces) { iterator = pieces.makeAsyncIterator() }

  func next() -> Deferred<[UInt8]?> { Deferred { [self] in try await nextPiece() } }

  private func nextPiece() async throws -> [UInt8]? {
    // Taken out while it is used, which is safe because calls do not overlap.
    var iterator = iterator
    defer { self.iterator = iterator }
    return try await iterator.next(isolation: #isolation)
  }
}

/// One source after the other.
final class ChainSource: BodySource {
  private var parts: [@Sendable () -> any BodySource]
  private var current: (any BodySource)?

  init(_ parts: [@Sendable () -> any BodySource]) { self.parts = parts.reversed() }

  func next() -> Deferred<[UInt8]?> {
    if current == nil { current = parts.popLast()?() }
    guard let current else { return .succeed(nil) }
    return current.next().addCallback { [self] piece -> Deferred<[UInt8]?> in
      if piece != nil { return .succeed(piece) }
      self.current = nil
      return next()
    }
  }
}

/// Bytes in memory, as one piece.
final class BytesSource: BodySource {
  private var bytes: [UInt8]?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func next() -> Deferred<[UInt8]?> { .succeed(bytes.take()) }
}
