import SwirlDeferred

/// The buffered bytes and parts of files, in order, in the pieces of the writes.
package struct WriteQueue {
  package init() {}

  /// An empty piece stands for a part of a file, the next of `regions`.
  private var pieces = RingBuffer<[UInt8]>()
  private var regions = RingBuffer<FileRegion>()
  /// The number of bytes of the first piece already sent.
  private var firstSent = 0
  /// The number of buffered bytes.
  package private(set) var count = 0

  package var isEmpty: Bool { count == 0 }

  /// Small writes are joined up to this size, so that a thousand of them are not a thousand system calls.
  private static let pieceSize = 16 * 1024

  package mutating func append(_ bytes: Span<UInt8>) {
    count += bytes.count
    if bytes.isEmpty { return }
    if let last = pieces.indices.last, !pieces[last].isEmpty, pieces[last].count + bytes.count <= Self.pieceSize {
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

  /// Appends a part of a file, of which the first `sent` bytes are already sent.
  package mutating func append(_ region: FileRegion, sent: Int) {
    precondition(sent == 0 || isEmpty, "only the first piece can be sent in part")
    if region.count == sent { return }
    if isEmpty { firstSent = sent }
    count += region.count - sent
    pieces.append([])
    regions.append(region)
  }

  /// The rest of the first piece, if that is a part of a file.
  package var nextRegion: FileRegion? {
    guard let first = pieces.first, first.isEmpty, let region = regions.first else { return nil }
    return FileRegion(region.file, region.range.dropFirst(firstSent))
  }

  /// The first piece, and how much of it is sent; nil if the queue is empty. An empty piece is a part of a file, which
  /// `nextRegion` has.
  package var next: (piece: [UInt8], sent: Int)? {
    pieces.first.map { ($0, firstSent) }
  }

  /// Removes `sent` bytes, at most those of `next`.
  package mutating func removeFirst(_ sent: Int) {
    count -= sent
    firstSent += sent
    guard let first = pieces.first else { return }
    let isFile = first.isEmpty
    if firstSent == (isFile ? regions.first?.count ?? 0 : first.count) {
      _ = pieces.popFirst()
      if isFile { _ = regions.popFirst() }
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
