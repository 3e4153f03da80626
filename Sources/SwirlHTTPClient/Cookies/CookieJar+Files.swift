public import SwirlHTTPCore
import SwirlPlatform
import SwirlSystem

extension CookieJar {
  /// The format of a cookie file.
  public enum Format: Sendable, Hashable {
    /// All attributes, for this library.
    case json
    /// For curl and wget too, without SameSite.
    case netscape
  }

  /// Adds the cookies of a file in either format to the jar. It reports refused ones to
  /// ``/SwirlHTTPCore/CookieJar/onRefused``.
  ///
  /// Blocks the thread: load before the work starts, or in a thread pool.
  /// - Throws: ``/SwirlHTTPCore/CookieError``; the jar is unchanged then. A file that does not exist is an error too:
  ///   `errno` is `ENOENT`.
  public func load(from path: String) throws(CookieError) {
    let text = try CookieFileAccess.contents(of: path)
    do throws(CookieError) {
      if text.first(where: { !$0.isBlank && $0 != 0x0A && $0 != 0x0D }) == UInt8(ascii: "{") {
        try add(json: String(decoding: text, as: UTF8.self))
      } else {
        try add(netscape: text)
      }
    } catch {
      throw CookieError(error.code, path: path, error.reason)
    }
  }

  /// Writes all cookies, those of the session too, to a file that only its owner can read. A concurrent reader sees the
  /// old or the new cookies, never a part.
  ///
  /// Blocks the thread.
  /// - Throws: ``/SwirlHTTPCore/CookieError``; the old file is unchanged then.
  public func save(to path: String, as format: Format = .json) throws(CookieError) {
    try CookieFileAccess.replace(path, with: format == .json ? Array(json.utf8) : netscapeBytes)
  }
}

/// Files as a whole.
private enum CookieFileAccess {
  /// A limit above the size of any jar's file.
  static let limit = 64 << 20

  static func contents(of path: String) throws(CookieError) -> [UInt8] {
    try perform(.cannotRead, path) { path in try OpenFile(path, .read).readAll(limit: limit) }
  }

  /// Writes a temporary file and renames it over the old one; what is no regular file, such as `/dev/null`, is written
  /// in place.
  static func replace(_ path: String, with bytes: [UInt8]) throws(CookieError) {
    try perform(.cannotWrite, path) { path in
      let file = try NewFile(path, permissions: UInt32(S_IRUSR | S_IWUSR))
      try file.write(bytes)
      try file.finish()
    }
  }

  private static func perform<Value>(
    _ failure: CookieError.Code, _ path: String, _ work: (SystemPath) throws -> Value
  ) throws(CookieError) -> Value {
    if path.isEmpty { throw CookieError(failure, path: path, "the path is empty") }
    do { return try work(SystemPath(path)) } catch let error as FileError {
      throw CookieError(failure, path: path, errno: error.errno, error.reason.lowercased())
    } catch {
      throw CookieError(failure, path: path, "\(error)")
    }
  }
}
