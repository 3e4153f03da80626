/// A coding and the buffer it decodes into, which the next one reads.
struct CodingStage {
  let layer: any CodingLayer
  /// Of fixed size; allocated with the first byte.
  private var buffer: [UInt8] = []
  /// The unread part of the buffer.
  private(set) var output = 0..<0
  /// The total number of decoded bytes.
  private(set) var total = 0
  /// The last step filled its room: more output may follow without new input.
  private var isFull = false

  init(_ layer: any CodingLayer) { self.layer = layer }

  var hasOutput: Bool { !output.isEmpty }

  /// Whether a step could make progress.
  func canStep(_ available: Int) -> Bool { available > 0 || isFull }

  /// Decodes into the buffer, which must be empty.
  ///
  /// - Returns: the number of input bytes taken.
  mutating func step(_ input: Span<UInt8>, _ roomLeft: Int) throws(ContentError) -> Int {
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 16 * 1024) }
    let room = min(buffer.count, roomLeft)
    let layer = layer
    // The pointers are for C, and end with the call.
    let step = unsafe try buffer.withUnsafeMutableBufferPointer { (buffer) throws(ContentError) in
      unsafe try input.withUnsafeBufferPointer { (input) throws(ContentError) in
        unsafe try layer.step(input, into: UnsafeMutableBufferPointer(rebasing: buffer[..<room]))
      }
    }
    // Without progress the loop around this would never end.
    guard step.taken > 0 || step.made > 0 || input.isEmpty else {
      throw layer.coding.corrupt("it can't be decoded any further")
    }
    output = 0..<step.made
    total += step.made
    isFull = step.made == room
    return step.taken
  }

  /// - Returns: the number of bytes appended to `target`.
  mutating func move(into target: inout [UInt8], atMost count: Int) -> Int {
    let moved = output.prefix(count)
    target.append(contentsOf: buffer[moved])
    drop(moved.count)
    return moved.count
  }

  mutating func drop(_ count: Int) { output = output.dropFirst(count) }

  /// Lends the buffer, without a copy.
  mutating func takeBuffer() -> [UInt8] {
    defer { buffer = [] }
    return buffer
  }

  mutating func putBack(_ buffer: [UInt8]) { self.buffer = buffer }
}
