import Foundation
import Swirl

/// The content of -T: a file or standard input, sent as it is read.
enum Upload {
  private static let pieceLength = 256 * 1024

  /// - Parameter isChunked: whether to send a file without its length, too.
  static func body(_ path: String, isChunked: Bool) throws -> HTTPClient.Body {
    // It can be read once.
    if path == "-" { return .stream(AsyncThrowingStream { try await read() }) }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw InputError(path: path, reason: String(cString: strerror(errno)))
    }
    let length = isChunked ? nil : try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    return .producer(length: length) {
      // Again from its start, if a redirect or a proof of identity repeats the request.
      try? file.seek(toOffset: 0)
      return { next(of: file) }
    }
  }

  @MainActor private static func read() async throws -> [UInt8]? { try await next(of: .standardInput).value }

  private static func next(of file: FileHandle) -> Deferred<[UInt8]?> {
    deferToThread {
      let piece = try file.read(upToCount: pieceLength) ?? Data()
      return piece.isEmpty ? nil : [UInt8](piece)
    }
  }

  /// A file without an announced length, opened anew each time that it is sent.
  static func chunked(file path: String, _ type: String?) -> HTTPClient.Body {
    .producer(contentType: type) {
      guard let file = FileHandle(forReadingAtPath: path) else {
        let error = InputError(path: path, reason: String(cString: strerror(errno)))
        return { .fail(error) }
      }
      return { next(of: file) }
    }
  }

  /// Bytes without an announced length.
  static func chunked(_ bytes: [UInt8], _ type: String?) -> HTTPClient.Body {
    .producer(contentType: type) {
      var rest: [UInt8]? = bytes
      return { .succeed(rest.take()) }
    }
  }
}
