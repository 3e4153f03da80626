public import HTTPTypes
public import SwirlDeferred
import SwirlReactor
import SwirlSystem

extension HTTPClient {
  /// A file that was downloaded.
  public struct Download: Sendable {
    /// The URL that answered.
    public let url: String
    /// The fields of the answer.
    public let headers: HTTPFields
    /// Where the file is.
    public let path: String
    /// How long it is, in bytes.
    public let size: Int
    /// How much of it was there before, from an earlier try.
    public let resumedAt: Int
  }

  /// Asks for `request` and writes the content to the file `path` while it comes; it is never in memory as a whole.
  ///
  /// Until all is there it is written to `path.part`, which then takes the place of `path`; what is no file, such as `/dev/null`, is
  /// written to itself. Where that name would be longer than 255 bytes it is cut, with a hash to tell it from others. The file is written on
  /// threads, a quarter of a mebibyte or more at once, and a slow disk makes the server wait. What was written is kept when the download fails, for a later one
  /// that resumes; other failures than of the network remove nothing that was there before. A status that is no success is an
  /// ``HTTPError`` of code `.status`. Cancelling the Deferred ends the request.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - path: the file.
  ///   - resuming: whether to go on with what an earlier download left, if the server can send the rest alone (RFC 9110 §14).
  ///   - progress: told on the reactor's thread how many bytes there are, and how many there will be where that is known.
  public func download(
    _ request: Request, to path: String, resuming: Bool = false,
    progress: ((_ received: Int, _ total: Int?) -> Void)? = nil
  ) -> Deferred<Download> {
    let part = PartFile(path)
    return reactor.withFiles(SystemPath(path), purpose: .writing) { try part.open(resuming: resuming) }.addCallback {
      [self] start -> Deferred<Download> in
      var request = request
      // Positions are those of what is sent.
      request.decodesContent = false
      if !request.headers.contains(.acceptEncoding) { request.headers[.acceptEncoding] = "identity" }
      if start > 0 { request.setRange(start...) }
      let download = FileDownload(request, part, from: start, on: reactor, progress)
      return fetch(request, CallSite(), download.begin, download.take).addBoth(download.end)
    }
  }
}

/// A download, from the head of its response on. On the reactor's thread.
private final class FileDownload {
  private let request: HTTPClient.Request
  private let part: PartFile
  /// How much of it was there before.
  private let start: Int
  private unowned let reactor: Reactor
  private let progress: ((Int, Int?) -> Void)?
  private let writer: PartWriter
  private var received = 0
  private var total: Int?
  private var resumedAt = 0
  /// Whether all of it was there before: what comes is only words about that.
  private var isComplete = false

  init(
    _ request: HTTPClient.Request, _ part: PartFile, from start: Int, on reactor: Reactor,
    _ progress: ((Int, Int?) -> Void)?
  ) {
    self.request = request
    self.part = part
    self.start = start
    self.reactor = reactor
    self.progress = progress
    writer = PartWriter(part, on: reactor)
  }

  func begin(_ response: HTTPClient.Response) throws {
    let rest = response.header("content-range").flatMap { ContentRange($0) }
    switch response.status.code {
    case 206 where start > 0 && rest?.start == start: received = start
    case 206 where start == 0 || rest?.start == 0: break
    case 416 where start > 0 && rest?.total == start:
      received = start
      isComplete = true
    case 206:
      throw HTTPError(
        .status, request.method.rawValue, response.url, "the server sent another part than was asked for", status: 206)
    case 200..<300: writer.restarts = start > 0
    default:
      throw HTTPError(
        .status, request.method.rawValue, response.url, "the server answered \(response.status)",
        status: response.status.code)
    }
    resumedAt = received
    let length = response.header("content-length").flatMap { Int($0) }
    total = rest?.total ?? length.map { received + $0 }
  }

  func take(_ bytes: [UInt8]) -> Deferred<Void>? {
    if isComplete { return nil }
    writer.add(bytes)
    received += bytes.count
    progress?(received, total)
    return writer.isFull ? writer.room() : nil
  }

  func end(_ result: Result<HTTPClient.Response, any Error>) throws -> Deferred<HTTPClient.Download> {
    switch result {
    // Nobody waits for what came when the download was cancelled: another may begin at once.
    case .failure(let error as CancelledError):
      writer.abandon()
      throw error
    // What came is kept for a later try.
    case .failure(let error): return writer.flush().addCallback { throw error }
    case .success(let response):
      return writer.flush().addCallback { [self] in part.perform(on: reactor) { try $0.finish() } }
        .addCallback { [self] in
          HTTPClient.Download(
            url: response.url, headers: response.headers, path: part.path, size: received, resumedAt: resumedAt)
        }
    }
  }
}

/// The positions in a Content-Range field (RFC 9110 §14.4).
struct ContentRange {
  /// nil where the range that was asked for is not there.
  let start: Int?
  /// nil where the sender does not know.
  let total: Int?

  init?(_ value: String) {
    guard value.hasPrefix("bytes ") else { return nil }
    let parts = value.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    total = Int(parts[1])
    if parts[0] == "*" {
      start = nil
    } else {
      guard let dash = parts[0].firstIndex(of: "-"), let number = Int(parts[0][..<dash]), number >= 0 else {
        return nil
      }
      start = number
    }
  }
}

/// Writes what comes on a thread, several pieces at a time: while some are written, the next are collected. To ask a thread
/// costs more than to write 64 KiB. On the reactor's thread only.
private final class PartWriter {
  /// So much is written at once, and no more than twice that waits.
  private static let batch = 1 << 18
  private let part: PartFile
  private unowned let reactor: Reactor
  /// Whether what the file has is to go before anything is written.
  var restarts = false
  private var pieces: [[UInt8]] = []
  private var size = 0
  private var isWriting = false
  private var isFlushing = false
  private var failure: (any Error)?
  private var waiting: Deferred<Void>?
  /// Writes what is less than a batch: a server that has stopped may not go on before this program is killed.
  private var lateWrite: DelayedCall?
  private static let longestWait = Duration.milliseconds(200)

  init(_ part: PartFile, on reactor: Reactor) {
    self.part = part
    self.reactor = reactor
  }

  func add(_ bytes: [UInt8]) {
    pieces.append(bytes)
    size += bytes.count
    if size >= Self.batch, !isWriting, failure == nil { start() } else { writeLater() }
  }

  private func writeLater() {
    if isWriting || failure != nil || size == 0 || lateWrite != nil { return }
    lateWrite = reactor.callLater(Self.longestWait) { [weak self] in
      guard let self else { return }
      lateWrite = nil
      if !isWriting, size > 0 { start() }
    }
  }

  /// Whether to wait for `room()` before more is added.
  var isFull: Bool { failure != nil || isWriting && size >= Self.batch }

  /// Fires when more may be added, or with the error of what was written.
  func room() -> Deferred<Void> { wait() }

  /// Fires when all is written. Nothing may be added then.
  func flush() -> Deferred<Void> {
    isFlushing = true
    if !isWriting, size > 0 || restarts, failure == nil { start() }
    return wait()
  }

  /// Writes no more than what is being written.
  func abandon() {
    lateWrite.take()?.cancel()
    pieces = []
    size = 0
  }

  private func wait() -> Deferred<Void> {
    if let failure { return .fail(failure) }
    if !isWriting { return .succeed(()) }
    let deferred = Deferred<Void>()
    waiting = deferred
    return deferred
  }

  private func start() {
    isWriting = true
    lateWrite.take()?.cancel()
    let (batch, restarts) = (pieces, restarts)
    pieces = []
    size = 0
    self.restarts = false
    part.perform(on: reactor) { part in
      if restarts { try part.restart() }
      for bytes in batch { try part.write(bytes) }
    }
    .addBoth { [self] in wrote($0) }
  }

  private func wrote(_ result: Result<Void, any Error>) {
    isWriting = false
    if case .failure(let error) = result { failure = error }
    if failure == nil, size >= Self.batch || isFlushing && size > 0 { start() } else { writeLater() }
    guard failure != nil || !isFlushing || !isWriting else { return }
    if let failure { waiting.take()?.errback(failure) } else { waiting.take()?.callback(()) }
  }
}

/// A file that is being written, under a name of its own until it is whole.
///
/// Unchecked: it is used by one thread at a time, since the next piece is written when the one before has been.
private final class PartFile: @unchecked Sendable {
  let path: String
  private let partPath: SystemPath
  private var file: OpenFile?
  /// What is no file, such as `/dev/null`, is written to itself, and has nothing to go on from.
  private var isBeside = true

  init(_ path: String) {
    self.path = path
    partPath = SystemPath(path).partial
  }

  /// Does `work` with it on a thread.
  func perform(
    on reactor: Reactor, _ work: @escaping @Sendable (PartFile) throws -> Void
  ) -> Deferred<Void> {
    reactor.deferToThread(in: reactor.fileThreads.pool(isDevice: !isBeside), name: "write \(path)") { try work(self) }
  }

  /// Returns how much of it there is.
  func open(resuming: Bool) throws -> Int {
    isBeside = try !OpenFile.isSpecial(path)
    let file = try OpenFile(isBeside ? partPath : SystemPath(path), resuming && isBeside ? .append : .write)
    self.file = file
    return isBeside ? try file.seekToEnd() : 0
  }

  func restart() throws { try file?.truncate() }

  func write(_ bytes: [UInt8]) throws { try file?.write(bytes) }

  func finish() throws {
    try file?.close()
    file = nil
    if isBeside { try OpenFile.rename(partPath, to: path) }
  }
}
