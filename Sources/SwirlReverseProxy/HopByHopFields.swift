import HTTPTypes

/// The fields that are for one connection, and stay on it (RFC 9110 §7.6.1).
enum HopByHopFields {
  /// Those that are always removed, by name in lower case.
  ///
  /// `Proxy-*` are for a proxy of the client; `Proxy`, which is no field of HTTP, is a CGI program's HTTP_PROXY.
  private static let names: Set<String> = [
    "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "proxy",
    "proxy-connection", "proxy-authenticate", "proxy-authorization", "proxy-authentication-info",
  ]

  /// The fields for the other side: without those of the connection, those that Connection names, and the length, which
  /// the body has.
  ///
  /// A name with underscores is the same variable as one with hyphens in CGI and WSGI, so that a client could write a
  /// field that is removed, or that this proxy writes.
  static func removed(from fields: HTTPFields, isRequest: Bool) -> HTTPFields {
    let options = connectionOptions(of: fields)
    return fields.filter { field in
      var name = field.name.canonicalName
      if isRequest, name.utf8.contains(UInt8(ascii: "_")) {
        name = String(name.map { $0 == "_" ? "-" : $0 })
        if name.hasPrefix("x-forwarded-") || OutgoingRequest.ownFields.contains(name) { return false }
      }
      return name != "content-length" && !names.contains(name) && !options.contains(name)
    }
  }

  /// The names in Connection, in lower case.
  private static func connectionOptions(of fields: HTTPFields) -> Set<String> {
    guard fields.contains(.connection) else { return [] }
    var options = Set<String>()
    for value in fields[values: .connection] {
      for option in value.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
        options.insert(option.lowercased())
      }
    }
    return options
  }
}
