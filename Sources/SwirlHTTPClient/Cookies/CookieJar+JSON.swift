#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
public import SwirlHTTPCore

extension CookieJar {
  /// Everything in the jar as JSON: `{"cookies":[…],"version":1}`.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(
        decoding: try encoder.encode(CookieFile(version: CookieFile.newest, cookies: cookies)), as: UTF8.self)
    } catch {
      preconditionFailure("strings, whole numbers and flags are always JSON: \(error)")
    }
  }

  func add(json text: String) throws(CookieError) {
    let data = Data(text.utf8)
    let file: CookieFile
    do {
      // First the version alone: a newer file may have other cookies.
      let version = try JSONDecoder().decode(CookieFile.Version.self, from: data).version
      guard version == CookieFile.newest else {
        throw CookieError(
          .unknownVersion, "the cookies are in version \(version) of the format, and \(CookieFile.newest) is known")
      }
      file = try JSONDecoder().decode(CookieFile.self, from: data)
    } catch let error as CookieError {
      throw error
    } catch {
      throw CookieError(.malformed, "the text is not the JSON of a cookie jar: \(error)")
    }
    let now = now()
    // They are written in the order they came.
    for var cookie in file.cookies {
      do throws(SetCookie.Refusal) {
        try adopt(&cookie, at: now)
      } catch {
        onRefused?(cookie.description, error.reason)
      }
    }
    store.recallUse()
  }
}

private struct CookieFile: Codable {
  struct Version: Decodable {
    let version: Int
  }

  static let newest = 1

  let version: Int
  let cookies: [Cookie]
}
