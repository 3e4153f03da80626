import SwirlContent
import Synchronization

/// The memory of the encoders of a server, which streams hold as long as they are sent.
final class EncoderMemory: Sendable {
  let limit: Int
  private let taken = Atomic(0)

  init(limit: Int) { self.limit = limit }

  var bytes: Int { taken.load(ordering: .relaxed) }

  /// The memory of one encoder, until this is released.
  final class Share: Sendable {
    private let memory: EncoderMemory
    private let bytes: Int

    fileprivate init(_ memory: EncoderMemory, _ bytes: Int) {
      self.memory = memory
      self.bytes = bytes
    }

    deinit { memory.taken.subtract(bytes, ordering: .relaxed) }
  }

  /// nil if the encoders in use leave too little.
  func share(for coding: String) -> Share? {
    let bytes = ContentEncoder.memory(of: coding)
    guard taken.add(bytes, ordering: .relaxed).newValue <= limit else {
      taken.subtract(bytes, ordering: .relaxed)
      return nil
    }
    return Share(self, bytes)
  }
}
