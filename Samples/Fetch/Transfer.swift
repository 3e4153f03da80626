import Foundation
import HTTPTypes
import Swirl
import Terminal

/// The transfer of one URL.
@MainActor final class Transfer {
  let url: String
  let options: Options
  /// Its number among those of its part.
  let number: Int
  /// The number of its URL on the command line.
  let urlNumber: Int
  /// The file that it sends.
  let upload: String?
  private let output: Options.Output?
  private let isForAnyOutput: Bool
  private let console: Console
  private var attempts = 0
  private(set) var hops: [Hop] = []
  private(set) var request: HTTPClient.Request?
  private(set) var received = 0
  private(set) var sent = 0
  /// The name of the file that it writes.
  private(set) var path: String?
  private(set) var start = reactor.now
  /// Where content goes at the moment, except in a download.
  private var sink: (any Sink)?

  init(_ match: URLPattern.Match, _ index: Int, of options: Options, number: Int, urlNumber: Int, _ console: Console) {
    (url, self.options, self.console) = (match.url, options, console)
    (self.number, self.urlNumber) = (number, urlNumber)
    upload = options.upload(index)
    output = options.output(index).map { if case .file(let name) = $0 { .file(match.name(name)) } else { $0 } }
    isForAnyOutput = options.namesStandardOutput(index)
  }

  /// Once, or again if that is wanted.
  func attempt(_ client: HTTPClient, _ maker: RequestMaker, mayRetry: Bool) async throws {
    (hops, received, attempts) = ([], 0, attempts + 1)
    start = reactor.now
    var request = try maker.request(to: url, sending: upload)
    request.headers[.transfer] = String(number)
    self.request = request
    sent = request.body?.length ?? 0
    path =
      try output.map { output in
        switch output {
        case .file(let name): try place(name)
        case .remoteName: options.usesContentDisposition ? nil : try place(OutputName.inURL(url))
        }
      } ?? nil
    // Decoded content has no byte positions at which a later run could resume, and a head is not content.
    if let path, !options.isCompressed, !options.isHead, !options.includesHead {
      try await download(client, request, to: path, mayRetry: mayRetry)
    } else {
      try await stream(client, request, mayRetry: mayRetry)
    }
  }

  /// Whether a later run with -C - finds a part to resume.
  var hasPart: Bool { path.map { FileManager.default.fileExists(atPath: "\($0).part") } ?? false }

  /// Ends what it shows after an error, a timeout or its cancellation.
  func cut() { sink.take()?.cut() }

  func willSend(_ request: HTTPClient.Request) {
    if options.isVerbose { console.tell(request.head) }
  }

  func didReceive(_ hop: Hop) throws {
    hops.append(hop)
    if options.isVerbose { console.tell("< HTTP/1.1 \(hop.response.status)\n\(hop.response.headers.lines("< "))<") }
    if options.headFile == "-" { try console.put(isatty(1) == 1 ? Array(hop.text.utf8) : hop.bytes) }
    // With a limit of zero the client's answer would be the redirect itself.
    if options.followsRedirects, options.maximumRedirects == 0, (300..<400).contains(hop.response.status.code),
      hop.response[.location] != nil
    {
      throw HTTPError(.redirect, "more than 0 redirects", url: hop.request.url, method: hop.request.method)
    }
  }

  // MARK: - Content

  private func download(_ client: HTTPClient, _ request: HTTPClient.Request, to path: String, mayRetry: Bool)
    async throws
  {
    var hasContent = false
    do {
      // What an attempt has left is resumed by the next one.
      let done = try await client.download(
        request, to: path, resuming: options.resumes || attempts > 1, acceptingAnyStatus: !options.fails
      ) { [self] in
        hasContent = true
        received = $0
        console.note(path, $0, of: $1)
      }.value
      received = done.size
      console.noteEnd(path, after: (reactor.now - start) / .seconds(1))
      try checkStatus(isFinal: true)
      if mayRetry, StatusError.transient.contains(done.status.code), let response = hops.last?.response {
        throw StatusError(response)
      }
    } catch let error as HTTPError where hasContent { throw ContentFailure(error: error) }
  }

  private func stream(_ client: HTTPClient, _ request: HTTPClient.Request, mayRetry: Bool) async throws {
    let response = try await client.stream(request).value
    let isTransient = mayRetry && StatusError.transient.contains(response.status.code)
    let sink = try sink(for: response)
    self.sink = sink
    if options.isHead || options.includesHead, !isTransient { for hop in hops { try await sink.write(hop) } }
    try checkStatus(isFinal: false)
    if isTransient { throw StatusError(response) }
    do {
      for try await bytes in response.body {
        received += bytes.count
        try await sink.write(bytes)
      }
    } catch let error as HTTPError {
      self.sink = nil
      try? await sink.close()
      throw ContentFailure(error: error)
    }
    self.sink = nil
    try await sink.close()
    try checkStatus(isFinal: true)
  }

  private func checkStatus(isFinal: Bool) throws {
    guard options.fails || options.failsWithContent && isFinal, let response = hops.last?.response else { return }
    if response.status.code >= 400 { throw StatusError(response) }
  }

  private func sink(for response: HTTPClient.StreamedResponse) throws -> any Sink {
    if output == .remoteName, options.usesContentDisposition {
      let named = try OutputName.inHead(response.headers).map(place)
      if let named, FileManager.default.fileExists(atPath: named) {
        throw OutputNameError(words: "\(named) exists, and a name that a server gives replaces no file: use -o FILE")
      }
      path = try named ?? place(OutputName.inURL(url))
    }
    if let path { return FileSink(path) }
    guard isatty(1) == 1, !isForAnyOutput else { return OutputSink(console) }
    let environment = ProcessInfo.processInfo.environment
    let isColored = !options.hasNoColor && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    return TerminalSink(console, isJSON: response.isJSON, isColored: isColored)
  }

  private func place(_ name: String) throws -> String {
    let path = options.folder.map { "\($0)/\(name)" } ?? name
    if options.createsFolders {
      let folder = URL(filePath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    return path
  }
}

extension HTTPField.Name {
  /// Marks the request of a transfer on its way through the client. It is not sent.
  static let transfer = HTTPField.Name("Fetch-Transfer")!
}

extension HTTPClient.StreamedResponse {
  /// Whether the content is JSON that is not encoded: the media type, or its suffix (RFC 6839 §3.1).
  fileprivate var isJSON: Bool {
    let type = (self[.contentType] ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
    return contentCodings.isEmpty
      && (["application/json", "text/json", "application/x-ndjson", "application/jsonl"].contains(type)
        || type.hasSuffix("+json"))
  }
}
