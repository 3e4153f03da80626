/// The datagrams that wait to be sent, their bytes behind one another, so that a datagram needs no memory of its own.
package struct DatagramQueue {
  package struct Entry {
    let start: Int
    let count: Int
    /// nil for the peer of a connected socket.
    package let destination: SocketAddress?
    /// The local address to send from; nil for the system's choice.
    package let source: SocketAddress?
  }

  private(set) var bytes: [UInt8] = []
  private var entries: [Entry] = []
  /// The first entry that was not sent.
  private var first = 0

  /// What an entry counts beside its bytes.
  private static let overhead = 64
  /// Memory that is kept when the queue is empty.
  private static let keptCapacity = 256 * 1024

  package init() {}

  package var count: Int { entries.count - first }
  package var isEmpty: Bool { first == entries.count }
  /// Bytes, with an allowance for each datagram.
  var cost: Int {
    isEmpty ? 0 : bytes.count - entries[first].start + count * Self.overhead
  }

  subscript(index: Int) -> Entry { entries[first + index] }

  package mutating func append(_ bytes: Span<UInt8>, to destination: SocketAddress?, from source: SocketAddress?) {
    let start = self.bytes.count
    bytes.withUnsafeBufferPointer { self.bytes.append(contentsOf: $0) }
    entries.append(Entry(start: start, count: bytes.count, destination: destination, source: source))
  }

  /// The first datagram.
  package var head: (bytes: [UInt8], entry: Entry)? {
    guard !isEmpty else { return nil }
    let entry = entries[first]
    return (Array(bytes[entry.start..<entry.start + entry.count]), entry)
  }

  package mutating func removeFirst(_ count: Int = 1) {
    first += count
    if first < entries.count {
      // Below, what is sent would stay until the queue is empty, which it may never be.
      if first >= 4096, first * 2 > entries.count { compact() }
      return
    }
    removeAll()
  }

  package mutating func removeAll() {
    first = 0
    entries.removeAll(keepingCapacity: entries.capacity <= 4096)
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
  }

  private mutating func compact() {
    let start = entries[first].start
    bytes.removeFirst(start)
    entries = entries[first...].map {
      Entry(start: $0.start - start, count: $0.count, destination: $0.destination, source: $0.source)
    }
    first = 0
  }
}
