import Foundation
import HTTPTypes
import Swirl
import Terminal

/// The URLs of one part of the command line, fetched one after the other or at the same time.
@MainActor final class Session {
  private let options: Options
  private let client: HTTPClient
  private let console: Console
  private let transfers: [Transfer]
  private let maker: RequestMaker

  init(_ options: Options, firstNumber: Int, _ console: Console) throws {
    self.options = options
    self.console = console
    let matches = try options.urls.enumerated().flatMap { index, url in
      try (options.takesURLsLiterally ? URLPattern(literal: url) : URLPattern(url)).matches.map { (index, $0) }
    }
    transfers = matches.enumerated().map { [options] number, match in
      Transfer(match.1, match.0, of: options, number: number, urlNumber: firstNumber + match.0, console)
    }
    maker = try RequestMaker(options)
    client = try HTTPClient(ClientConfiguration.make(options))
    try Names(options).use()
    if !options.cookies.isEmpty || options.cookieJar != nil { client.cookies = CookieJar() }
    // A missing file counts as one without cookies, as before the first run with -c.
    for file in options.cookies where !file.contains("=") && FileManager.default.fileExists(atPath: file) {
      try client.cookies?.load(from: file)
    }
    client.intercept(eachHop: true) { [transfers] request, next in
      var request = request
      let mark = request.headers[.transfer]
      request.headers[.transfer] = nil
      let transfer = transfers.first { String($0.number) == mark }
      transfer?.willSend(request)
      return next(request).addCallback { [request] response in
        try transfer?.didReceive(Hop(request: request, response: response))
        return response
      }
    }
  }

  /// Fetches all; returns the exit code, that of the last failure.
  func run() async throws -> Int32 {
    if !options.isSilent, !options.hasNoProgress { console.showProgress() }
    defer { console.end() }
    if let file = options.headFile, file != "-" { try await reactor.files.write([], to: file, atomically: false).value }
    var code: Int32 = 0
    do {
      for try await result in asCompleted(transfers, atMost: options.isParallel ? options.parallelMaximum : 1, start) {
        let failed = try result.get()
        if failed != 0 { code = failed }
      }
    } catch  where error.isCancellation {
      for transfer in transfers { transfer.cut() }
      if options.reportsErrors, transfers.contains(where: \.hasPart) {
        console.tell("stopped: the same with -C - resumes it")
      }
      throw error
    }
    try saveCookies()
    return code
  }

  private func saveCookies() throws {
    guard let path = options.cookieJar else { return }
    if path != "-" { return try client.cookies?.save(to: path, as: .netscape) ?? () }
    let file = FileManager.default.temporaryDirectory.appending(path: "fetch-cookies-\(getpid())").path()
    defer { try? FileManager.default.removeItem(atPath: file) }
    try client.cookies?.save(to: file, as: .netscape)
    try console.put(readAll(file))
  }

  private func start(_ transfer: Transfer) -> Deferred<Int32> {
    Deferred { [self] in
      var failure: (any Error)?
      do { try await retrying(transfer) } catch {
        if error.isCancellation { throw error }
        if let output = error as? OutputError, output.isBrokenPipe { throw error }
        failure = error
        if options.reportsErrors { console.tell("fetch: (\(exitCode(of: error))) \(error)") }
      }
      if let file = options.headFile, file != "-" {
        try await reactor.files.append(transfer.hops.flatMap(\.bytes), to: file).value
      }
      try write(transfer, failure)
      return failure.map(exitCode) ?? 0
    }
  }

  private func write(_ transfer: Transfer, _ failure: (any Error)?) throws {
    guard var format = options.writeOut else { return }
    if format.hasPrefix("@") { format = String(decoding: try readAll(String(format.dropFirst())), as: UTF8.self) }
    let output = WriteOut(
      variables: transfer.variables(failure), headers: transfer.hops.last?.response.headers, failed: failure != nil)
    for piece in output.pieces(format) {
      if piece.isError { console.write(error: piece.text) } else { try console.put(Array(piece.text.utf8)) }
    }
  }

  // MARK: - Attempts

  private func retrying(_ transfer: Transfer) async throws {
    let begin = reactor.now
    var (left, pause) = (options.retries, 1.0)
    while true {
      // The content of an attempt that is repeated is not written.
      let mayRetry = left > 0 && (options.retryTime.map { (reactor.now - begin) / .seconds(1) + pause <= $0 } ?? true)
      do { return try await attempt(transfer, mayRetry: mayRetry) } catch  where mayRetry {
        guard let reason = Retry(transfer).reason(for: error) else { throw error }
        // A server that asks for a longer pause has it.
        let wait = max(options.retryDelay ?? pause, Retry.asked(by: transfer.hops.last?.response) ?? 0)
        if let longest = options.retryTime, (reactor.now - begin) / .seconds(1) + wait > longest { throw error }
        if options.reportsErrors, !options.isSilent {
          console.tell("Warning: \(reason). Will try again in \(time(wait)); \(left) left.")
        }
        left -= 1
        try await reactor.sleep(.seconds(wait)).value
        pause = min(2 * pause, 600)
      }
    }
  }

  private func attempt(_ transfer: Transfer, mayRetry: Bool) async throws {
    let done = Deferred { [client, maker] in try await transfer.attempt(client, maker, mayRetry: mayRetry) }
    do {
      // For a stream the client's own timeout restarts with each piece.
      guard let seconds = options.maximumTime else { return try await done.value }
      try await done.addTimeout(.seconds(seconds), clock: reactor).value
    } catch {
      transfer.cut()
      throw error
    }
  }
}
