import SwirlHTTPCore

/// A page with the names in a directory.
struct DirectoryListing: Sendable {
  /// Percent-encoded, with a slash at its end.
  let path: String
  /// Those of directories end with a slash.
  let names: [[UInt8]]
  /// Whether there is nothing above it.
  let isRoot: Bool

  /// As UTF-8. Ten thousand names take milliseconds.
  var page: [UInt8] {
    let title = String(decoding: path.utf8.span.percentDecoded, as: UTF8.self).htmlEscaped
    var page = """
      <!DOCTYPE html>
      <html><head><meta charset="utf-8"><title>\(title)</title></head>
      <body><h1>\(title)</h1><ul>

      """
    if !isRoot { page += "<li><a href=\"../\">../</a></li>\n" }
    for name in names {
      page +=
        "<li><a href=\"\(Self.reference(name))\">\(String(decoding: name, as: UTF8.self).htmlEscaped)</a></li>\n"
    }
    page += "</ul></body></html>\n"
    return Array(page.utf8)
  }

  /// Relative; `./` keeps a colon in a name from being read as a scheme.
  private static func reference(_ name: [UInt8]) -> String {
    var bytes = Array("./".utf8)
    for byte in name {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"):
        bytes.append(byte)
      default: bytes.append(percentEncoding: byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
