import SwirlDeferred

/// Bytes that wait for the kernel, in order, in the pieces in which they were written.
package struct WriteQueue {
  package init() {}

  private var pieces = RingBuffer<[UInt8]>()
  /// How much of the first piece is sent.
  private var firstSent = 0
  /// The bytes that wait.
  package private(set) var count = 0

  package var isEmpty: Bool { count == 0 }

  /// Small writes are put together up to this size, so that a thousand of them are not a thousand system calls.
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

  /// Appends `bytes`, of which `sent` are sent already because nothing waited; a long piece is kept without a copy.
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

  /// The piece that is next and how much of it is sent; nil when nothing waits.
  package var next: (piece: [UInt8], sent: Int)? {
    pieces.first.map { ($0, firstSent) }
  }

  /// Takes `sent` bytes away, no more than `next` had.
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
