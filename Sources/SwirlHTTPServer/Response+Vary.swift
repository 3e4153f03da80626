import HTTPTypes

extension HTTPServer.Response {
  /// Adds a name to Vary: another value of this request field may have another response (RFC 9110 §12.5.5).
  mutating func vary(by name: HTTPField.Name) {
    var all = fields ?? HTTPFields()
    all.vary(by: name)
    fields = all
  }
}

extension HTTPFields {
  mutating func vary(by name: HTTPField.Name) {
    let names = self[values: .vary].flatMap { $0.split(separator: ",") }.map {
      $0.trimmingPrefix { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased()
    }
    if names.contains("*") || names.contains(name.canonicalName) { return }
    self[.vary] = (self[values: .vary] + [name.rawName]).joined(separator: ", ")
  }

  /// Sets these fields. Their cookies, and the names in their Vary, come beside those that are there.
  mutating func merge(_ fields: HTTPFields) {
    for field in fields where field.name != .vary && field.name != .setCookie { self[fields: field.name] = [] }
    for field in fields {
      if field.name == .vary {
        for name in field.value.split(separator: ",") {
          if let name = HTTPField.Name(String(name.filter { $0 != " " })) { vary(by: name) }
        }
      } else {
        append(field)
      }
    }
  }
}
