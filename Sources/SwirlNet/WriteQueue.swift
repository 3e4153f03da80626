import SwirlDeferred

/// The buffered bytes, in order, in the pieces of the writes.
package struct WriteQueue {
  package init() {}

  private var pieces = RingBuffer<[UInt8]>()
  /// The number of bytes of the first piece already sent.
  private var firstSent = 0
  /// The number of buffered bytes.
  package private(set) var count = 0

  package var isEmpty: Bool { count == 0 }

  /// Small writes are joined up to this size, so that a thousand of them are not a thousand system calls.
  private static let pieceSize = 16 * 1024

  package mutating func append(_ bytes: Span<UInt8>) {
    count += bytes.count
    if let last = pieces.indices.last, pieces[last].count + bytes.count <= Self.pieceSize {
      pieces[last].append(bytes)
    } else {
      var piece: [UInt8] = []
      piece.append(bytes)
      pieces.append(piece)
    }
  }

  /// Appends `bytes`, of which the first `sent` are already sent; a long piece is stored without a copy.
  package mutating func append(_ bytes: [UInt8], sent: Int) {
    let wasEmpty = isEmpty
    precondition(sent == 0 || wasEmpty, "only the first piece can be sent in part")
    if bytes.count - sent < Self.pieceSize {
      let rest = bytes.span.extracting(droppingFirst: sent)
      append(rest)
    } else {
      count += bytes.count - sent
      if wasEmpty { firstSent = sent }
      pieces.append(bytes)
    }
  }

  /// The first piece, and how much of it is sent; nil if the queue is empty.
  package var next: (piece: [UInt8], sent: Int)? {
    pieces.first.map { ($0, firstSent) }
  }

  /// Removes `sent` bytes, at most those of `next`.
  package mutating func removeFirst(_ sent: Int) {
    count -= sent
    firstSent += sent
    if let first = pieces.first, firstSent == first.count {
      _ = pieces.popFirst()
      firstSent = 0
    }
  }

  package mutating func removeAll() { self = WriteQueue() }
}

extension [UInt8] {
  /// Appends all bytes of `span`.
  mutating func append(_ span: Span<UInt8>) {
    span.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
