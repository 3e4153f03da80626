import HTTPTypes
import Logging
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlPlatform
import SwirlReactor
public import SwirlSystem
import Synchronization

extension HTTPServer.Response {
  /// A file of the program's choice.
  ///
  /// ```swift
  /// HTTPServer { request in .file("report.pdf", downloadName: "Report 2026.pdf") }
  /// ```
  ///
  /// It is opened when the handler has returned, on a thread where the disk has to be read; what is set in the
  /// response's fields holds, and a status other than 200 is that of the whole file: `.file("404.html", status:
  /// .notFound)`. A client gets a 304, a 412, a part of it or a 416 as its conditions and its Range say; a
  /// 404 if there is no such file, or it is a directory, a FIFO or a device; a 403 if it can't be read; a 503 if the
  /// process has no descriptor left. On a plain HTTP/1 connection the kernel sends it (sendfile). A file that becomes
  /// shorter while it is sent breaks the connection; of one that grows the length at the beginning is sent.
  ///
  /// Symbolic links are followed. Never make `path` from a request: ``StaticFiles`` keeps to a directory. aiohttp:
  /// `FileResponse`; Express: `sendFile`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - type: its media type; nil takes that of its extension.
  ///   - status: that of the response with the file.
  ///   - downloadName: a name under which a browser saves it instead of showing it: Content-Disposition (RFC 6266).
  public static func file(
    _ path: some SystemBytes, type: String? = nil, status: HTTPResponse.Status = .ok, downloadName: String? = nil
  ) -> HTTPServer.Response {
    let path = SystemPath(path)
    func answer(
      _ opened: Result<(ReadableFile, FileStatus), DirectoryRootError>, _ request: HTTPServer.Request,
      _ reactor: Reactor, _ response: HTTPServer.Response
    ) throws -> HTTPServer.Response {
      switch opened {
      case .success(let (file, facts)):
        let type = type ?? MediaTypes.type(ofName: path.description)
        return try FileAnswer(file: file, status: facts, type: type, headers: response.headers)
          .response(to: request, status: response.status, on: reactor)
      case .failure(let error):
        throw FileRefusal(error, path.description).error(logger: Logger(label: "swirl.http.server"))
          .with(response.headers.beyondContent)
      }
    }
    let content = PreparedContent(
      make: { request, reactor, response in
        openFile(for: request, on: reactor) { (isCachedOnly) throws(DirectoryRootError) in
          try ReadableFile.open(path, isCachedOnly: isCachedOnly)
        }.addCallback { try answer($0, request, reactor, response) }
      },
      makeNow: { request, reactor, response in
        let opened = Result { () throws(DirectoryRootError) in try ReadableFile.open(path, isCachedOnly: false) }
        return try answer(opened, request, reactor, response)
      })
    var response = HTTPServer.Response(status, .prepared(content))
    if let downloadName {
      response.headers[.contentDisposition] = ContentDisposition.attachment(named: downloadName)
    }
    return response
  }
}

/// Opens a file: at once if that needs nothing of the disk; else on a thread. To open, stat and close one in memory
/// takes 1.7 µs, less than to wake a thread and be woken by it.
/// - Parameter open: its parameter is whether to fail with EAGAIN rather than to wait for the disk.
func openFile<Opened: Sendable>(
  for request: HTTPServer.Request, on reactor: Reactor,
  _ open: @escaping @Sendable (Bool) throws(DirectoryRootError) -> Opened
) -> Deferred<Result<Opened, DirectoryRootError>> {
  do throws(DirectoryRootError) {
    return .succeed(.success(try open(true)))
  } catch {
    guard error.errno == EAGAIN else { return .succeed(.failure(error)) }
  }
  let connection = request.connection
  connection.openingFiles.add(1, ordering: .relaxed)
  let opening: Deferred<Result<Opened, DirectoryRootError>> = reactor.deferToThread(
    in: reactor.fileThreads.files, mayBeAbandoned: true
  ) {
    do throws(DirectoryRootError) { return .success(try open(false)) } catch { return .failure(error) }
  }
  return opening.addBoth { result in
    connection.openingFiles.subtract(1, ordering: .relaxed)
    return try result.get()
  }
}

/// Why there is no file to send, and what the client gets for it.
struct FileRefusal {
  let errno: Int32
  private let path: String

  init(_ error: DirectoryRootError, _ path: String) {
    errno = error.errno
    self.path = path
  }

  /// Whether no descriptor was left.
  var isExhaustion: Bool { errno == EMFILE || errno == ENFILE }

  func error(logger: Logger?) -> HTTPServer.StatusError {
    switch errno {
    // A link that is not followed, one that leads out, a socket, a FIFO and a device: not served.
    case ENOENT, ENOTDIR, ELOOP, EXDEV, ENAMETOOLONG, ENXIO, ENODEV, EISDIR: return .init(.notFound)
    case EACCES, EPERM: return .init(.forbidden)
    case EMFILE, ENFILE:
      logger?.error("no descriptor is left to open \(path): \(reason)")
      return .init(.serviceUnavailable, "503 Service Unavailable: try again later", headers: [.retryAfter: "1"])
    default:
      logger?.error("can't open \(path): \(reason)")
      return .init(.internalServerError)
    }
  }

  private var reason: String {
    isExhaustion
      ? "\(String(cString: strerror(errno))): raise the limit (ulimit -n)" : String(cString: strerror(errno))
  }
}

extension HTTPServer.Response {
  static var notFound: HTTPServer.Response { .failure(.init(.notFound)) }
}
