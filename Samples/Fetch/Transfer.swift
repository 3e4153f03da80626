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
    configuration.proxies = try options.proxy.map { .all(try Proxy($0)) } ?? .environment()
    if options.isInsecure { configuration.tls.verification = .dangerouslyAcceptingAnyCertificate }
    if let path = options.cacert { configuration.tls.roots = [.file(path)] }
    client = HTTPClient(configuration)
    progress = options.outputs.isEmpty || options.isSilent || isatty(2) == 0 ? nil : Progress()
    if options.cookie != nil || options.cookieJar != nil { client.cookies = CookieJar() }
    if let file = options.cookie, !file.contains("=") { try client.cookies?.load(from: file) }
  }

  /// Fetches all; returns the exit code, that of the last failure.
  func run() async throws -> Int32 {
    var code: Int32 = 0
    let numbered = Array(options.urls.enumerated())
    for try await result in asCompleted(numbered, atMost: options.parallel, { self.start($0.offset, $0.element) }) {
      do { try result.get() } catch {
        code = exitCode(of: error)
        if !options.isSilent { tell("fetch: \(error)") }
      }
    }
    progress?.end()
    if let path = options.cookieJar { try client.cookies?.save(to: path, as: .netscape) }
    return code
  }

  private func start(_ index: Int, _ url: String) -> Deferred<Void> {
    Deferred { try await self.fetch(url, to: index < self.options.outputs.count ? self.options.outputs[index] : nil) }
  }

  private func fetch(_ url: String, to path: String?) async throws {
    let request = try makeRequest(url.contains("://") ? url : "http://\(url)")
    if options.isVerbose { tell("> \(request.method) \(request.url)\n" + request.headers.lines("> ")) }
    if let path, path != "-" {
      let progress = progress
      _ = try await client.download(request, to: path, resuming: options.resumes) { progress?.note(url, $0, $1) }.value
      return
    }
    let response = try await client.stream(request).value
    if options.isVerbose { tell("< \(response.status)\n" + response.headers.lines("< ")) }
    if options.fails, response.status.code >= 400 { throw StatusError(status: response.status, url: response.url) }
    if options.isHead || options.includesHead {
      put(Array("HTTP/1.1 \(response.status)\r\n\(response.headers.lines(""))\r\n".utf8))
    }
    for try await bytes in response.body { put(bytes) }
  }

  private func makeRequest(_ url: String) throws -> HTTPClient.Request {
    var request = HTTPClient.Request(url)
    if options.isHead { request.method = .head }
    if let json = options.json {
      request.body = .bytes(Array(json.utf8), contentType: "application/json")
    } else if !options.form.isEmpty {
      request.body = .multipart(try options.form.map(part))
    } else if let file = options.data.first, options.data.count == 1, file.hasPrefix("@") {
      request.body = try .file(String(file.dropFirst()), contentType: "application/x-www-form-urlencoded")
    } else if !options.data.isEmpty {
      request.body = .text(options.data.joined(separator: "&"), contentType: "application/x-www-form-urlencoded")
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
func put(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }

/// To standard error.
func tell(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
