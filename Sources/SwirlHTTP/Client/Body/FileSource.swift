import SwirlDeferred
import SwirlReactor
import SwirlSystem

/// A file, read in pieces on the reactor's thread pool.
final class FileSource: BodySource {
  /// To ask a thread for a piece costs more than to read 64 KiB; what is larger leaves the cache before it is sent.
  private static let pieceLength = 256 * 1024
  private let path: String
  private var file: OpenFile?

  init(_ path: String) { self.path = path }

  func next() -> Deferred<[UInt8]?> {
    if let file { return deferToThread { try file.read(atMost: Self.pieceLength) } }
    return deferToThread { [path] in
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
