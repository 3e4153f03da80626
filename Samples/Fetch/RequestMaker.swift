import Foundation
import HTTPTypes
import Swirl

/// Makes the request that the options describe.
struct RequestMaker {
  let options: Options

  @MainActor func request(to url: String) throws -> HTTPClient.Request {
    var url = hasScheme(url) ? url : "http://\(url)"
    if let upload = options.upload, upload != "-", url.hasSuffix("/") {
      url += percentEncoded(URL(filePath: upload).lastPathComponent.utf8)
    }
    let content = try Content(options.content)
    if options.putsContentInQuery, !content.bytes.isEmpty {
      url = Self.add(String(decoding: content.bytes, as: UTF8.self), to: url)
    }
    var request = HTTPClient.Request(url)
    if options.isHead { request.method = .head }
    let lines = try options.headers.flatMap(HeaderLine.lines)
    // A type that -H removes or replaces is not sent.
    request.body = try body(content, hasType: !lines.contains { $0.name == .contentType })
    // As for a file, the server may refuse large content before it is sent.
    let isLarge = options.upload != nil || request.body?.length ?? 0 > 1 << 20
    request.expectsContinue = isLarge && !lines.contains { $0.name == .expect }
    if request.body != nil { request.method = options.upload == nil ? .post : .put }
    if let method = options.method {
      guard let known = HTTPRequest.Method(method) else { throw UsageError(words: "\(method) is no method") }
      request.method = known
    }
    setFields(of: &request, content, lines)
    try setCredentials(of: &request)
    return request
  }

  /// A colon and slashes may be in a query, too.
  private func hasScheme(_ url: String) -> Bool {
    url.firstRange(of: "://").map { end in
      !end.isEmpty
        && url[..<end.lowerBound].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    } ?? false
  }

  /// Adds a query before the fragment.
  private static func add(_ query: String, to url: String) -> String {
    let head = url.prefix { $0 != "#" }
    return head + (head.contains("?") ? "&" : "?") + query + url[head.endIndex...]
  }

  private func body(_ content: Content, hasType: Bool) throws -> HTTPClient.Body? {
    if let upload = options.upload {
      return try Upload.body(upload)
    }
    if !options.form.isEmpty {
      return .multipart(try options.form.map { try FormPart($0.text, isLiteral: $0.isLiteral).part })
    }
    if content.isEmpty || options.putsContentInQuery { return nil }
    return .bytes(content.bytes, contentType: hasType ? content.type : nil)
  }

  private func setFields(of request: inout HTTPClient.Request, _ content: Content, _ lines: [HeaderLine]) {
    request.headers[.userAgent] = options.userAgent ?? "swirl-fetch/\(swirlVersion)"
    if options.userAgent == "" { request.headers[.userAgent] = nil }
    request.headers[.accept] = content.isJSON ? "application/json" : "*/*"
    if let referer = options.referer { request.headers[.referer] = referer }
    if let range = options.range { request.headers[.range] = "bytes=\(range)" }
    let cookies = options.cookies.filter { $0.contains("=") }
    if !cookies.isEmpty { request.headers[.cookie] = cookies.joined(separator: "; ") }
    // A field of the user replaces the default, and stands beside another of its own.
    for line in lines where line.name != .cookie { request.headers[line.name] = nil }
    for line in lines {
      guard let value = line.value else { continue }
      if line.name == .transferEncoding, value.lowercased() == "chunked" {
        // The client decides how content is framed: in chunks if it does not know the length.
        request.body = request.body.map { $0.length == nil ? $0 : Upload.chunked(content.bytes, $0.contentType) }
      } else {
        request.headers.append(HTTPField(name: line.name, value: value))
      }
    }
  }

  private func setCredentials(of request: inout HTTPClient.Request) throws {
    if let token = options.bearer { request.authentication = .bearer(token) }
    var user = options.user
    if user == nil, options.usesNetrc || options.netrcIsOptional || options.netrcFile != nil {
      let host = URL(string: request.url)?.host() ?? ""
      user = try Netrc(options).credentials(for: host)
    }
    guard let user else { return }
    let parts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let password = parts.count > 1 ? parts[1] : ""
    request.authentication = options.isDigest ? .digest(parts[0], password) : .basic(parts[0], password)
  }
}
