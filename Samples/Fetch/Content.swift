import Foundation
import Swirl

/// The content of -d and its relatives, in the order of the command line.
struct Content {
  private(set) var bytes: [UInt8] = []
  let isEmpty: Bool
  let isJSON: Bool
  var type: String { isJSON ? "application/json" : "application/x-www-form-urlencoded" }

  init(_ pieces: [Options.Content]) throws {
    isEmpty = pieces.isEmpty
    isJSON = pieces.contains { $0.kind == .json }
    for (index, piece) in pieces.enumerated() {
      // Pieces of a form are joined by &; JSON may be given in several pieces as it is.
      if index > 0, piece.kind != .json { bytes += Array("&".utf8) }
      bytes += try Self.bytes(of: piece)
    }
  }

  private static func bytes(of piece: Options.Content) throws -> [UInt8] {
    let (text, file) = (piece.text, piece.text.hasPrefix("@") ? String(piece.text.dropFirst()) : nil)
    switch piece.kind {
    case .raw: return Array(text.utf8)
    case .binary, .json: return try file.map(readAll) ?? Array(text.utf8)
    // From files it removes line ends and zero bytes.
    case .text: return try file.map { try readAll($0).filter { ![0, 10, 13].contains($0) } } ?? Array(text.utf8)
    case .urlEncoded: return Array(try urlEncoded(text).utf8)
    }
  }

  /// `content`, `=content`, `name=content`, `@FILE` or `name@FILE`; a name is not encoded.
  private static func urlEncoded(_ text: String) throws -> String {
    guard let sign = text.firstIndex(where: { $0 == "=" || $0 == "@" }) else { return formEncoded(text.utf8) }
    let (name, rest) = (text[..<sign], String(text[text.index(after: sign)...]))
    let content = text[sign] == "@" ? formEncoded(try readAll(rest)) : formEncoded(rest.utf8)
    return name.isEmpty ? content : "\(name)=\(content)"
  }

  private static func formEncoded(_ bytes: some Sequence<UInt8>) -> String {
    percentEncoded(bytes).replacing("%20", with: "+")
  }
}

/// All bytes but the unreserved of RFC 3986 §2.3 as %XX.
func percentEncoded(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { byte in
    let character = Character(Unicode.Scalar(byte))
    let isUnreserved = character.isASCII && (character.isLetter || character.isNumber || "-._~".contains(character))
    return isUnreserved ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }.joined()
}

/// The content of a file of the command line; `-` is standard input. Blocks: it is read before anything is sent.
func readAll(_ path: String) throws -> [UInt8] {
  guard let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path) else {
    throw InputError(path: path, reason: String(cString: strerror(errno)))
  }
  do { return [UInt8](try file.readToEnd() ?? Data()) } catch { throw InputError(path: path, reason: "\(error)") }
}

/// A file of the command line that cannot be read.
struct InputError: Error, CustomStringConvertible {
  let path: String
  let reason: String
  var description: String { "\(path): \(reason)" }
}
