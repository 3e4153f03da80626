import SwirlHTTPCore

/// The value of a Content-Disposition field that offers a name to save under (RFC 6266, RFC 8187).
enum ContentDisposition {
  static func attachment(named name: String) -> String {
    let isPlain = name.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "%") }
    // Quoted for all clients; a quote and a backslash are escaped. Clients that know no other form get an underscore
    // for each character beyond ASCII. An escape or a percent sign some of them would decode (RFC 6266 appendix D).
    var quoted = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"", "\\", "%": quoted += "_"
      case " "..."~": quoted.unicodeScalars.append(scalar)
      default: quoted += "_"
      }
    }
    let needsMore = !isPlain || name.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    return "attachment; filename=\"\(quoted)\"" + (needsMore ? "; filename*=UTF-8''\(name.queryEncoded)" : "")
  }
}
