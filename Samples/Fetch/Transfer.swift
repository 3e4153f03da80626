import Foundation
import HTTPTypes
import Swirl

/// Fetches URLs one after the other or many at once, by the options.
@MainActor final class Transfer {
  private let options: Options
  private let client: HTTPClient
  private let progress: Progress?

  init(_ options: Options) throws {
    self.options = options
    var configuration = HTTPClient.Configuration()
    configuration.decodesContent = options.compressed
    configuration.redirects = options.follows ? .follow(50, allowingDowngrade: true) : .none
    configuration.timeout = options.maximumTime.map { .seconds($0) }
    configuration.maximumBodySize = .max
    configuration.headers[.userAgent] = "swirl-fetch/\(swirlVersion)"
    configuration.proxies = try options.proxy.map(Self.proxies) ?? .environment()
    if options.isInsecure { configuration.tls.verification = .dangerouslyAcceptingAnyCertificate }
    if let path = options.cacert { configuration.tls.roots = [.file(path)] }
    if let path = options.proxyCacert { configuration.proxyTLS.roots = [.file(path)] }
    client = HTTPClient(configuration)
    progress = options.outputs.isEmpty || options.isSilent || isatty(2) == 0 ? nil : Progress()
    if options.cookie != nil || options.cookieJar != nil { client.cookies = CookieJar() }
    // A missing file counts as one without cookies, as before the first run with -c.
    if let file = options.cookie, !file.contains("="), FileManager.default.fileExists(atPath: file) {
      try client.cookies?.load(from: file)
    }
  }

  /// The proxies of -x: an empty value is no proxy; otherwise one for all hosts except those of no_proxy.
  private static func proxies(_ url: String) throws -> ProxySettings {
    if url.isEmpty { return .none }
    let environment = ProcessInfo.processInfo.environment
    let exceptions = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
    return .all(try Proxy(url), except: exceptions.split { $0 == "," || $0 == " " }.map(String.init))
  }

  /// Fetches all; returns the exit code, that of the last failure.
  func run() async throws -> Int32 {
    var code: Int32 = 0
    let numbered = Array(options.urls.enumerated())
    for try await result in asCompleted(numbered, atMost: options.parallel, { self.start($0.offset, $0.element) }) {
      do { try result.get() } catch let error as OutputError { throw error } catch {
        code = exitCode(of: error)
        if !options.isSilent { tell("fetch: \(error)") }
      }
    }
    progress?.end()
    if let path = options.cookieJar { try client.cookies?.save(to: path, as: .netscape) }
    return code
  }

  private func start(_ index: Int, _ url: String) -> Deferred<Void> {
    let file = index < options.outputs.count ? options.outputs[index] : nil
    let fetched = Deferred { try await self.fetch(url, to: file == "-" ? nil : file) }
    // For a stream the client's own timeout restarts with each piece.
    guard let seconds = options.maximumTime else { return fetched }
    return fetched.addTimeout(.seconds(seconds), clock: reactor)
  }

  private func fetch(_ url: String, to path: String?) async throws {
    let request = try await makeRequest(url.contains("://") ? url : "http://\(url)")
    if options.isVerbose { tell("> \(request)\n" + request.headers.lines("> ")) }
    // Decoded content has no byte positions at which a later run could resume, and a head is not content.
    if let path, !options.compressed, !options.isHead, !options.includesHead {
      return try await download(request, to: path)
    }
    let response = try await client.stream(request).value
    if options.isVerbose { tell("< \(response.status)\n" + response.headers.lines("< ")) }
    if options.fails, response.status.code >= 400 { throw StatusError(response: "\(response)") }
    let writer = path.map { reactor.files.writer(to: $0) }
    if options.isHead || options.includesHead {
      let isTerminal = path == nil && isatty(1) == 1
      let status = Array("HTTP/1.1 \(response.status)\r\n".utf8)
      let fields = isTerminal ? Array(response.headers.lines("").utf8) : response.headers.bytes
      let head = status + fields + Array("\r\n".utf8)
      if let writer { try await writer.write(head).value } else { try put(head) }
    }
    do {
      for try await bytes in response.body {
        if let writer { try await writer.write(bytes).value } else { try put(bytes) }
      }
    } catch let error as HTTPError { throw ContentFailure(error: error) }
    try await writer?.close().value
  }

  private func download(_ request: HTTPClient.Request, to path: String) async throws {
    var hasContent = false
    do {
      let done = try await client.download(
        request, to: path, resuming: options.resumes, acceptingAnyStatus: !options.fails
      ) { [progress] in
        hasContent = true
        progress?.note(request.url, $0, $1)
      }.value
      if options.isVerbose { tell("< \(done.status)\n" + done.headers.lines("< ")) }
    } catch let error as HTTPError where hasContent { throw ContentFailure(error: error) }
  }

  private func makeRequest(_ url: String) async throws -> HTTPClient.Request {
    var request = HTTPClient.Request(url)
    if options.isHead { request.method = .head }
    if let json = options.json {
      request.body = .bytes(Array(json.utf8), contentType: "application/json")
    } else if !options.form.isEmpty {
      request.body = .multipart(try options.form.map(part))
    } else if !options.data.isEmpty {
      request.body = .bytes(try await form(), contentType: "application/x-www-form-urlencoded")
    }
    if request.body != nil { request.method = .post }
    if let method = options.method {
      guard let known = HTTPRequest.Method(method) else { throw UsageError(words: "\(method) is no method") }
      request.method = known
    }
    for header in options.headers {
      let parts = header.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, let name = HTTPField.Name(parts[0]) else {
        throw UsageError(words: "a field is 'Name: value', not \(header)")
      }
      request.headers.append(HTTPField(name: name, value: parts[1]))
    }
    if let cookie = options.cookie, cookie.contains("=") { request.headers[.cookie] = cookie }
    if let user = options.user {
      let parts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let password = parts.count > 1 ? parts[1] : ""
      request.authentication = options.digest ? .digest(parts[0], password) : .basic(parts[0], password)
    }
    return request
  }

  /// All -d values, joined by &. From files it removes line ends and zero bytes, as curl does.
  private func form() async throws -> [UInt8] {
    var parts: [[UInt8]] = []
    for text in options.data {
      if !text.hasPrefix("@") {
        parts.append(Array(text.utf8))
      } else {
        parts.append(try await reactor.files.read(String(text.dropFirst())).value.filter { ![0, 10, 13].contains($0) })
      }
    }
    return Array(parts.joined(separator: "&".utf8))
  }

  private func part(_ text: String) throws -> HTTPClient.Body.Part {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { throw UsageError(words: "a part is name=value or name=@FILE, not \(text)") }
    if parts[1].hasPrefix("@") { return try .init(parts[0], file: String(parts[1].dropFirst())) }
    return .init(parts[0], parts[1])
  }
}

extension HTTPFields {
  /// A line each, for a terminal: without credentials.
  func lines(_ prefix: String) -> String {
    map { field in
      let isSecret = [.authorization, .proxyAuthorization].contains(field.name)
      let value = isSecret ? "\(field.value.prefix { $0 != " " }) REDACTED" : field.value
      return "\(prefix)\(field.name): \(value.escapingControls)\r\n"
    }.joined()
  }

  /// The same as they came: a value is bytes, and need not be UTF-8.
  var bytes: [UInt8] {
    flatMap { field in
      Array("\(field.name): ".utf8) + field.withUnsafeBytesOfValue { Array($0) } + Array("\r\n".utf8)
    }
  }
}

extension String {
  /// A server's text must not control the terminal.
  fileprivate var escapingControls: String {
    unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control && scalar != "\t" ? scalar.escaped(asASCII: true) : String(scalar)
    }.joined()
  }
}

/// Writes all bytes to standard output.
func put(_ bytes: [UInt8]) throws {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    if count < 0, errno == EAGAIN {
      // Another program with the same pipe or terminal may have made it non-blocking.
      var place = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
      poll(&place, 1, -1)
    } else if count < 0, errno != EINTR {
      throw OutputError(errno: errno)
    }
    rest = rest.dropFirst(max(0, count))
  }
}

/// Writes to standard error, if it is open.
func tell(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8)) }
