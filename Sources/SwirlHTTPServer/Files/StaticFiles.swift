import HTTPTypes
public import Logging
public import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlPlatform
import SwirlReactor
public import SwirlSystem

/// The files of a directory, as a handler.
///
/// ```swift
/// let files = StaticFiles("public")
/// let server = HTTPServer { request in files.respond(to: request) }
/// ```
///
/// It answers GET and HEAD: with types by extension, ETag and Last-Modified, 304 and 412 by the request's conditions,
/// ranges, an index file for a directory, and files that are compressed already, if ``Configuration`` says so. Another
/// method gets a 405.
///
/// No path leads out of the directory: a name that is `.` or `..`, or has a slash, a backslash or a zero byte in it,
/// encoded or not, is a 404; so are names that begin with a dot (but for `.well-known`), FIFOs, devices and sockets,
/// and symbolic links, unless ``Configuration/followsLinks`` allows those that stay inside. Names need not be UTF-8.
/// Without a free descriptor the answer is a 503, which is logged once. ``HTTPServer/onError`` makes the pages of all.
///
/// The directory is looked up by its path every second, so that a link to it may be switched to a new release. Use it
/// on the thread of one reactor. Files are opened and read on that thread if that needs nothing of the disk, else on
/// threads; on a plain HTTP/1 connection the kernel sends them (sendfile).
///
/// Tornado: `StaticFileHandler`; aiohttp: `add_static`; Hummingbird: `FileMiddleware`; Starlette: `StaticFiles`.
public final class StaticFiles {
  /// What is served, and how.
  public struct Configuration: Sendable {
    /// The file that a directory is answered with; nil if there is no such file.
    public var index: String? = "index.html"

    /// Whether a directory without an index is answered with a page of its names, up to 10,000; else it is a 404.
    public var listsDirectories = false

    /// Whether to serve files and directories whose name begins with a dot.
    public var showsHiddenFiles = false

    /// Whether to follow symbolic links that stay inside the directory, by a relative path. Links that lead out are
    /// never followed; where the kernel has no openat2 (Linux before 5.6), no link is.
    public var followsLinks = false

    /// Whether to send `page.html.br`, `.zst` or `.gz` for `page.html` to a client that accepts the coding. nginx:
    /// `gzip_static`.
    public var precompressed = false

    /// The Cache-Control of every file and every page of names, such as `public, max-age=3600`; nil omits it.
    public var cacheControl: String?

    /// Media types by extensions in lower case, without a dot; they come before the known ones.
    public var mediaTypes: [String: String] = [:]

    /// The defaults.
    public init() {}
  }

  /// What is served, and how.
  public let configuration: Configuration

  /// The logger for files that can't be opened.
  public var logger = Logger(label: "swirl.http.files")

  private let directory: SystemPath
  private let prefix: String
  private var root: (directory: DirectoryRoot, second: Int)?
  /// Whether the log knows that no descriptor is left.
  private var isExhausted = false

  /// - Parameters:
  ///   - directory: the path of the directory. It may come to exist later.
  ///   - prefix: the beginning of the paths of requests, which is not part of the names: `/static`. A request with
  ///     another path gets a 404.
  ///   - configuration: what is served, and how.
  public init(
    _ directory: some SystemBytes, at prefix: String = "/", configuration: Configuration = Configuration()
  ) {
    self.directory = SystemPath(directory)
    self.prefix = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
    self.configuration = configuration
  }

  /// The file at the path of a request behind the prefix. The Deferred succeeds with the answer, whatever its status; a
  /// program may look at that: `files.respond(to: request).addCallback { $0.status == .notFound ? page : $0 }`. An
  /// answer that is an error has its text when it is sent.
  public func respond(to request: HTTPServer.Request) -> Deferred<HTTPServer.Response> {
    let path = request.path
    guard path.utf8.starts(with: prefix.utf8) else { return .succeed(.notFound) }
    let rest = path.utf8.dropFirst(prefix.utf8.count)
    if rest.isEmpty { return .succeed(redirect(request)) }
    guard rest.first == UInt8(ascii: "/") else { return .succeed(.notFound) }
    return respond(to: request, path: String(Substring(rest)))
  }

  /// The file at a path that the program has taken out of the request's, percent-encoded as it was: what a route's
  /// wildcard has matched.
  public func respond(to request: HTTPServer.Request, path: String) -> Deferred<HTTPServer.Response> {
    guard request.method == .get || request.method == .head else {
      return .succeed(.failure(.init(.methodNotAllowed, headers: [.allow: "GET, HEAD"])))
    }
    guard let path = FilePath(path, showsHidden: configuration.showsHiddenFiles) else { return .succeed(.notFound) }
    let reactor = Reactor.current
    let accepted = configuration.precompressed ? AcceptEncoding(request.head).accepted(Self.suffixes.map(\.coding)) : []
    let (configuration, requestPath) = (configuration, request.path)
    do throws(DirectoryRootError) {
      let root = try root(at: reactor.wallSeconds)
      return openFile(for: request, on: reactor) { (isCachedOnly) throws(DirectoryRootError) in
        let options = DirectoryRoot.Options(followsLinks: configuration.followsLinks, isCachedOnly: isCachedOnly)
        return try FileLookup(
          root: root, options: options, configuration: configuration, requestPath: requestPath, codings: accepted
        ).find(path)
      }.addCallback { [self] result in
        switch result {
        case .success(let found):
          isExhausted = false
          return answer(found, to: request, on: reactor)
        case .failure(let error): return refuse(FileRefusal(error, self.path(of: path)))
        }
      }
    } catch {
      return .succeed(refuse(FileRefusal(error, directory.description)))
    }
  }

  /// The codings of precompressed files, in the order of preference.
  static let suffixes = [
    (coding: "br", suffix: ".br"), (coding: "zstd", suffix: ".zst"), (coding: "gzip", suffix: ".gz"),
  ]

  private func root(at second: Int) throws(DirectoryRootError) -> DirectoryRoot {
    if let root, root.second == second { return root.directory }
    let opened = try DirectoryRoot(directory)
    root = (opened, second)
    return opened
  }

  private func path(of path: FilePath) -> String {
    "\(directory)/\(path.names.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/"))"
  }

  private func answer(
    _ found: FileLookup.Found, to request: HTTPServer.Request, on reactor: Reactor
  ) -> HTTPServer.Response {
    switch found {
    case .file(let file, let status, let name, let coding):
      var headers = HTTPFields()
      if let cacheControl = configuration.cacheControl { headers[.cacheControl] = cacheControl }
      let type = MediaTypes.type(ofName: String(decoding: name, as: UTF8.self), own: configuration.mediaTypes)
      do throws(HTTPServer.StatusError) {
        let answer = FileAnswer(file: file, status: status, type: type, coding: coding, headers: varying(headers))
        return try answer.response(to: request, on: reactor)
      } catch { return .failure(error) }
    // The same for all codings: see `FileLookup.find`.
    case .directoryWithoutSlash: return redirect(request)
    case .listing(let page):
      var response = HTTPServer.Response(.ok, .bytes(page), .html)
      response.fields = varying([:])
      return withCacheControl(response)
    case .missing: return .failure(.init(.notFound, headers: varying([:])))
    }
  }

  /// A client of another coding may get another answer, also a 404.
  private func varying(_ fields: HTTPFields) -> HTTPFields {
    guard configuration.precompressed else { return fields }
    var fields = fields
    fields[.vary] = "Accept-Encoding"
    return fields
  }

  /// To the same path with a slash behind it, which the relative links of a directory's page need.
  private func redirect(_ request: HTTPServer.Request) -> HTTPServer.Response {
    let target = request.path + "/" + (request.query.map { "?\($0)" } ?? "")
    // Two slashes would name another host.
    if target.hasPrefix("//") { return .notFound }
    return withCacheControl(.redirect(to: target, status: .movedPermanently))
  }

  private func withCacheControl(_ response: HTTPServer.Response) -> HTTPServer.Response {
    configuration.cacheControl.map { response.with(.cacheControl, $0) } ?? response
  }

  private func refuse(_ refusal: FileRefusal) -> HTTPServer.Response {
    let isKnown = refusal.isExhaustion && isExhausted
    isExhausted = refusal.isExhaustion
    return .failure(refusal.error(logger: isKnown ? nil : logger).with(varying([:])))
  }
}

@available(*, unavailable, message: "It belongs to the thread of its reactor: make one for each")
extension StaticFiles: Sendable {}
