import Foundation
import HTTPTypes
import Swirl

/// Makes the requests that the options describe.
struct RequestMaker {
  private let options: Options
  private let lines: [HeaderLine]
  private let content: Content
  private let form: [HTTPClient.Body.Part]
  /// Whether a field of the user asks for chunks.
  private let isChunked: Bool

  /// Reads the files of the options: once for all URLs and attempts, because one may be standard input.
  init(_ options: Options) throws {
    self.options = options
    lines = try options.headers.flatMap(HeaderLine.lines)
    let isChunked = lines.contains(where: Self.asksForChunks)
    self.isChunked = isChunked
    content = try Content(options.content)
    form = try options.form.map { try FormPart($0.text, isLiteral: $0.isLiteral, isChunked: isChunked).part }
  }

  /// - Parameter upload: the file of -T for this URL.
  func request(to url: String, sending upload: String?) throws -> HTTPClient.Request {
    var url = hasScheme(url) ? url : "http://\(url)"
    if let upload, upload != "-" { url = Self.add(fileName: URL(filePath: upload).lastPathComponent, to: url) }
    let credentials = Self.removeCredentials(from: &url)
    if options.putsContentInQuery, !content.bytes.isEmpty {
      url = Self.add(String(decoding: content.bytes, as: UTF8.self), to: url)
    }
    var request = HTTPClient.Request(url)
    if options.isHead { request.method = .head }
    request.body = try body(upload)
    // As for a file, the server may refuse large content before it is sent.
    let isLarge = upload != nil || (request.body?.length ?? content.bytes.count) > 1 << 20
    request.expectsContinue = isLarge && !lines.contains { $0.name == .expect }
    if request.body != nil { request.method = upload == nil ? .post : .put }
    if let method = options.method {
      guard let known = HTTPRequest.Method(method) else { throw UsageError(words: "\(method) is no method") }
      request.method = known
    }
    setFields(of: &request)
    try setCredentials(of: &request, credentials)
    return request
  }

  /// A colon and slashes may be in a query, too.
  private func hasScheme(_ url: String) -> Bool {
    url.firstRange(of: "://").map { end in
      !end.isEmpty
        && url[..<end.lowerBound].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    } ?? false
  }

  /// Removes `user:password@`: the client takes credentials beside a URL, where no log and no Referer has them.
  private static func removeCredentials(from url: inout String) -> (user: String, password: String?)? {
    guard let start = url.firstRange(of: "://")?.upperBound, URL(string: url)?.host() != nil else { return nil }
    let authority = url[start...].prefix { !"/?#".contains($0) }
    guard let sign = authority.lastIndex(of: "@") else { return nil }
    let words = authority[..<sign].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map {
      $0.removingPercentEncoding ?? String($0)
    }
    url.removeSubrange(start...sign)
    return (words[0], words.count > 1 ? words[1] : nil)
  }

  /// Adds a query before the fragment.
  private static func add(_ query: String, to url: String) -> String {
    let head = url.prefix { $0 != "#" }
    return head + (head.contains("?") ? "&" : "?") + query + url[head.endIndex...]
  }

  /// Adds the name of a file to a path that ends in a slash, or that is empty.
  private static func add(fileName: String, to url: String) -> String {
    let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
    let end = url[start...].firstIndex { $0 == "?" || $0 == "#" } ?? url.endIndex
    let isEmpty = !url[start..<end].contains("/")
    guard isEmpty || url[..<end].hasSuffix("/") else { return url }
    return url[..<end] + (isEmpty ? "/" : "") + percentEncoded(fileName.utf8) + url[end...]
  }

  private func body(_ upload: String?) throws -> HTTPClient.Body? {
    if let upload { return try Upload.body(upload, isChunked: isChunked) }
    if !form.isEmpty { return .multipart(form) }
    if content.isEmpty || options.putsContentInQuery { return nil }
    // A type that -H removes or replaces is not sent.
    let hasOwnType = lines.contains { $0.name == .contentType }
    let type = hasOwnType ? nil : content.type
    return isChunked ? Upload.chunked(content.bytes, type) : .bytes(content.bytes, contentType: type)
  }

  private static func asksForChunks(_ line: HeaderLine) -> Bool {
    line.name == .transferEncoding && line.value?.lowercased() == "chunked"
  }

  private func setFields(of request: inout HTTPClient.Request) {
    request.headers[.userAgent] = options.userAgent ?? "swirl-fetch/\(swirlVersion)"
    if options.userAgent == "" { request.headers[.userAgent] = nil }
    request.headers[.accept] = content.isJSON ? "application/json" : "*/*"
    if let referer = options.referer { request.headers[.referer] = referer }
    if let range = options.range { request.headers[.range] = "bytes=\(range)" + (range.contains("-") ? "" : "-") }
    let cookies = options.cookies.filter { $0.contains("=") }
    if !cookies.isEmpty { request.headers[.cookie] = cookies.joined(separator: "; ") }
    // A field of the user replaces the default, and stands beside another of its own.
    for line in lines where line.name != .cookie { request.headers[line.name] = nil }
    // The client decides how content is framed: in chunks if it does not know the length.
    for line in lines where !Self.asksForChunks(line) {
      if let value = line.value { request.headers.append(HTTPField(name: line.name, value: value)) }
    }
  }

  /// A token goes before -u, that before the URL, and that before .netrc, which may have the password of its user.
  private func setCredentials(of request: inout HTTPClient.Request, _ own: (user: String, password: String?)?) throws {
    if let token = options.bearer {
      request.authentication = .bearer(token)
      return
    }
    var credentials = options.user.map { text in
      let words = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (user: words[0], password: words.count > 1 ? words[1] : "")
    }
    if credentials == nil, own?.password == nil,
      options.usesNetrc || options.netrcIsOptional || options.netrcFile != nil
    {
      let host = URL(string: request.url)?.host() ?? ""
      credentials = try Netrc(options).credentials(for: host, user: own?.user)
    }
    guard let (user, password) = credentials ?? own.map({ ($0.user, $0.password ?? "") }) else { return }
    request.authentication = options.isDigest ? .digest(user, password) : .basic(user, password)
  }
}
