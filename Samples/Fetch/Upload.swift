import Foundation
import Swirl

/// The content of -T: a file or standard input, sent as it is read.
enum Upload {
  private static let pieceLength = 256 * 1024

  static func body(_ path: String) throws -> HTTPClient.Body {
    if path == "-" { return .producer { reader(of: .standardInput) } }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw InputError(path: path, reason: String(cString: strerror(errno)))
    }
    let length = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    return .producer(length: length) {
      // Again from its start, if a redirect or a proof of identity repeats the request.
      try? file.seek(toOffset: 0)
      return reader(of: file)
    }
  }

  private static func reader(of file: FileHandle) -> () -> Deferred<[UInt8]?> {
    { deferToThread { try file.read(upToCount: pieceLength).map { [UInt8]($0) } } }
  }

  /// Bytes without an announced length.
  static func chunked(_ bytes: [UInt8], _ type: String?) -> HTTPClient.Body {
    .producer(contentType: type) {
      var rest: [UInt8]? = bytes
      return { .succeed(rest.take()) }
    }
  }
}
