import SwirlDeferred
import SwirlReactor
import SwirlSystem
import SwirlHTTPCore

/// A file, read in pieces on threads for files.
final class FileSource: BodySource {
  /// A call on a thread costs more than reading 64 KiB, and a larger piece would leave the CPU cache before it is sent.
  private static let pieceLength = 256 * 1024
  private let path: String
  private var file: OpenFile?

  init(_ path: String) { self.path = path }

  func next() -> Deferred<[UInt8]?> {
    let reactor = Reactor.current
    let threads = reactor.fileThreads.files
    if let file {
      return reactor.deferToThread(in: threads, mayBeAbandoned: true) { try file.read(atMost: Self.pieceLength) }
    }
    return reactor.deferToThread(in: threads, mayBeAbandoned: true) { [path] in
      let file = try OpenFile(path, .read)
      return (file, try file.read(atMost: Self.pieceLength))
    }.addCallback { [self] file, piece in
      self.file = file
      return piece
    }
  }

  static func length(of path: String) throws -> Int {
    guard let length = try OpenFile.length(of: path) else { throw FileError("open", path, errno: 2) }
    return length
  }
}
