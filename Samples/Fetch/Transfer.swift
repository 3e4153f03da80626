import Foundation
import HTTPTypes
import Swirl

/// Fetches one URL after the other, or many at once, as the options say.
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
    configuration.headers[.userAgent] = "swirl-fetch"
    configuration.proxies = try options.proxy.map(Self.proxies) ?? .environment()
    if options.isInsecure { configuration.tls.verification = .dangerouslyAcceptingAnyCertificate }
    if let path = options.cacert { configuration.tls.roots = [.file(path)] }
    client = HTTPClient(configuration)
    progress = options.outputs.isEmpty || options.isSilent || isatty(2) == 0 ? nil : Progress()
    if options.cookie != nil || options.cookieJar != nil { client.cookies = CookieJar() }
    // One that is not there is one without cookies, as before the first run with -c.
    if let file = options.cookie, !file.contains("="), FileManager.default.fileExists(atPath: file) {
      try client.cookies?.load(from: file)
    }
  }

  /// Of -x: none when it is empty; else for all but the hosts of no_proxy.
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
    // The client's own timeout begins again with each piece of a stream.
    guard let seconds = options.maximumTime else { return fetched }
    return fetched.addTimeout(.seconds(seconds), clock: reactor)
  }

  private func fetch(_ url: String, to path: String?) async throws {
    let request = try await makeRequest(url.contains("://") ? url : "http://\(url)")
    if options.isVerbose { tell("> \(request.method) \(request.url)\n" + request.headers.lines("> ")) }
    // What is decoded has no positions that a later run could resume at.
    if let path, !options.compressed { return try await download(request, to: path) }
    let response = try await client.stream(request).value
    if options.isVerbose { tell("< \(response.status)\n" + response.headers.lines("< ")) }
    if options.fails, response.status.code >= 400 { throw StatusError(status: response.status, url: response.url) }
    let writer = path.map { reactor.files.writer(to: $0) }
    if options.isHead || options.includesHead {
      let head = Array("HTTP/1.1 \(response.status)\r\n\(response.headers.lines(""))\r\n".utf8)
      if let writer { try await writer.write(head).value } else { try put(head) }
    }
    do {
      for try await bytes in response.body {
        if let writer { try await writer.write(bytes).value } else { try put(bytes) }
      }
    } catch let error as HTTPError { throw ContentFailure(error: error) }
    try await writer?.finish().value
  }

  private func download(_ request: HTTPClient.Request, to path: String) async throws {
    var hasContent = false
    do {
      _ = try await client.download(request, to: path, resuming: options.resumes) { [progress] in
        hasContent = true
        progress?.note(request.url, $0, $1)
      }.value
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

  /// All of -d, with & between. Of files without line ends and zero bytes, as of curl.
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
  /// A line each.
  func lines(_ prefix: String) -> String { map { "\(prefix)\($0.name): \($0.value.escapingControls)\r\n" }.joined() }
}

extension String {
  /// What a server sends must not give orders to a terminal.
  fileprivate var escapingControls: String {
    unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control && scalar != "\t" ? scalar.escaped(asASCII: true) : String(scalar)
    }.joined()
  }
}

/// To standard output, all of it.
func put(_ bytes: [UInt8]) throws {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    if count < 0, errno == EAGAIN {
      // Another program that has the same pipe or terminal may have made it non-blocking.
      var place = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
      poll(&place, 1, -1)
    } else if count < 0, errno != EINTR {
      throw OutputError(errno: errno)
    }
    rest = rest.dropFirst(max(0, count))
  }
}

/// To standard error, if anyone is there.
func tell(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8)) }
