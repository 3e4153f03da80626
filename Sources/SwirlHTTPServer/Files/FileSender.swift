import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlSystem

/// Sends parts of a file as the body of a response, at the pace of the client.
///
/// The reactor's thread reads and sends what is in memory. To ask the kernel whether it is takes 0.35 µs; to change to
/// a thread and back takes eight times that, without any queue. Where the kernel would have to wait for the disk, a
/// file thread reads the block first.
final class FileSender {
  private let writer: HTTPServer.BodyWriter
  private let file: ReadableFile
  /// Counts until this is released.
  private let count: CountedFile
  private unowned let reactor: Reactor
  private let parts: [BodyPart]
  private var index = 0
  /// How much of the current range is sent.
  private var offset = 0
  private var isReading = false
  /// Whether the next piece waits for its turn to be compressed.
  private var isWaiting = false

  /// What a plain connection is given at a time.
  private static let sentBlock = 1024 * 1024
  /// What is read at a time, where the bytes pass through this process.
  private static let readBlock = 64 * 1024
  /// Less than this is read, and sent together with the head.
  static let smallest = 32 * 1024

  init(
    _ writer: HTTPServer.BodyWriter, _ file: ReadableFile, _ count: CountedFile, _ parts: [BodyPart],
    on reactor: Reactor
  ) {
    self.writer = writer
    self.file = file
    self.count = count
    self.parts = parts
    self.reactor = reactor
  }

  /// Sends until the client has enough for now; the writer retains this until the body has ended.
  func start() {
    writer.onDrain = { [self] in send() }
    send()
  }

  private func send() {
    while !isReading, !isWaiting, writer.canWrite {
      guard index < parts.count else { return writer.end() }
      switch parts[index] {
      case .bytes(let bytes):
        writer.write(bytes)
        index += 1
      case .range(let range):
        let rest = range.dropFirst(offset)
        if rest.isEmpty {
          (index, offset) = (index + 1, 0)
        } else {
          send(rest)
        }
      }
    }
  }

  private func send(_ rest: Range<Int>) {
    if rest.count > Self.smallest, writer.sendsFiles {
      let block = rest.prefix(Self.sentBlock)
      return file.isCached(block) ? pass(block) : read(block, isAhead: true)
    }
    let piece = rest.prefix(Self.readBlock)
    switch file.readCached(piece) {
    case .wouldBlock: read(piece, isAhead: false)
    case .bytes(let bytes): take(bytes, of: piece)
    case .failed(let errno): fail(errno)
    }
  }

  private func pass(_ block: Range<Int>) {
    offset += block.count
    writer.write(FileRegion(file, block))
  }

  private func take(_ bytes: [UInt8], of piece: Range<Int>) {
    guard bytes.count == piece.count else { return writer.fail(FileHasShrunkError()) }
    offset += bytes.count
    writer.write(bytes)
    if writer.isEncoding { waitForTurn() }
  }

  /// A client that reads as fast as a file is compressed would otherwise keep the reactor to itself.
  private func waitForTurn() {
    isWaiting = true
    EncodingTurns.of(reactor).add { [self] in
      isWaiting = false
      if writer.isOpen { send() }
    }
  }

  private func fail(_ errno: Int32) { writer.fail(FileError("read", "the file that is sent", errno: errno)) }

  /// Reads a block on a thread.
  /// - Parameter isAhead: whether the block is only to be in memory, from which the kernel sends it.
  private func read(_ block: Range<Int>, isAhead: Bool) {
    isReading = true
    let file = file
    reactor.deferToThread(in: reactor.fileThreads.files, mayBeAbandoned: true) { file.read(block) }
      .addBoth { [self] result in
        isReading = false
        guard writer.isOpen else { return }
        switch result {
        case .success(.failed(let errno)): fail(errno)
        case .success(.wouldBlock): fail(0)
        case .success(.bytes(let bytes)):
          if isAhead, bytes.count == block.count { pass(block) } else { take(bytes, of: block) }
          send()
        case .failure(let error): writer.fail(error)
        }
      }
  }
}

/// Fewer bytes than the head of the response has promised.
private struct FileHasShrunkError: Error, CustomStringConvertible {
  let description = "the file has become shorter while it was sent"
}
