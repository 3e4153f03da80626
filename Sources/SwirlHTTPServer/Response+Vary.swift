import HTTPTypes

extension HTTPServer.Response {
  /// Adds a name to Vary: another value of this request field may have another response (RFC 9110 §12.5.5).
  mutating func vary(by name: HTTPField.Name) {
    var all = fields ?? HTTPFields()
    let names = all[values: .vary].flatMap { $0.split(separator: ",") }.map {
      $0.trimmingPrefix { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased()
    }
    if names.contains("*") || names.contains(name.canonicalName) { return }
    all[.vary] = (all[values: .vary] + [name.rawName]).joined(separator: ", ")
    fields = all
  }
}
