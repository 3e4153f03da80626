import SwirlDeferred
import SwirlHTTPCore

/// Content that is asked for piece by piece, on the reactor's thread: the next one only when the one before has come.
protocol BodySource: AnyObject {
  /// The next piece; nil after the last.
  func next() -> Deferred<[UInt8]?>
}

/// What a callback gives.
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
    // Taken out while it is used: nobody else asks meanwhile.
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

/// Bytes that are there, as one piece.
final class BytesSource: BodySource {
  private var bytes: [UInt8]?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func next() -> Deferred<[UInt8]?> { .succeed(bytes.take()) }
}
