import Foundation
import Swirl
import Terminal

/// Downloads files, several at a time.
@MainActor final class Batch {
  private let options: Options
  private let client: HTTPClient
  private let checksums: Checksums?
  private let files: [(url: String, name: String)]
  private var complete = 0
  private var progress: Progress?

  init(_ options: Options) throws {
    self.options = options
    var urls = options.urls
    if let input = options.input {
      urls += try String(contentsOfFile: input, encoding: .utf8).split(whereSeparator: \.isNewline).map(String.init)
    }
    files = urls.map { ($0, Self.name(of: $0)) }
    try Self.checkNames(files.map(\.name))
    checksums = try options.checksums.map { try Checksums(String(contentsOfFile: $0, encoding: .utf8)) }
    try FileManager.default.createDirectory(atPath: options.folder, withIntermediateDirectories: true)
    var configuration = HTTPClient.Configuration()
    configuration.headers[.userAgent] = "swirl-downloader/\(swirlVersion)"
    configuration.proxies = try .environment()
    client = HTTPClient(configuration)
  }

  /// The last part of the path, which names no other folder. Control characters stay percent-encoded, as in wget: a
  /// line of checksums has no line feed, and a name gives no orders to a terminal.
  private static func name(of url: String) -> String {
    let path = url.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").dropFirst(2)
    let name = path.last.map { $0.removingPercentEncoding ?? String($0) } ?? ""
    if name.isEmpty || name.hasPrefix(".") || name.contains("/") || name.contains("\0") { return "index.html" }
    return name.escapingControls(except: "") { scalar in
      String(scalar).utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }
  }

  /// Each file has a name of its own, and while it is downloaded some more, which no other file may have.
  private static func checkNames(_ names: [String]) throws {
    var known: Set<String> = []
    for name in names where !known.insert(name).inserted {
      throw Failure.usage("more than one URL has a file called \(name)")
    }
    for name in names {
      let unverified = unverifiedName(of: name)
      for other in [unverified, "\(unverified).part", "\(unverified).origin.part"] where known.contains(other) {
        throw Failure.usage("\(other) is a file of a URL, and \(name) has that name for a while: download one later")
      }
    }
  }

  /// NAME_MAX.
  private static let longestName = 255

  /// The name with `.download`. A name that is too long for that is cut and gets a hash, so that it is unique and the
  /// same each time.
  private static func unverifiedName(of name: String) -> String {
    let suffix = ".download"
    if name.utf8.count + suffix.utf8.count <= longestName { return name + suffix }
    let hash = Checksums.sha256(of: Array(name.utf8)).prefix(16)
    var start = name[...]
    while start.utf8.count + 1 + hash.utf8.count + suffix.utf8.count > longestName { start.removeLast() }
    return "\(start).\(hash)\(suffix)"
  }

  /// Downloads all; returns the exit code.
  func run() async throws -> Int32 {
    if !options.isQuiet { progress = Progress(count: files.count, interval: options.interval) }
    defer { progress?.end() }
    do { return try await getAll() } catch  where error.isCancellation {
      progress?.end()
      tell("stopped: \(complete) of \(files.count) files are complete; run the same again to resume the others")
      throw error
    }
  }

  private func getAll() async throws -> Int32 {
    var code: Int32 = 0
    for try await result in asCompleted(files, atMost: options.parallel, start) {
      do {
        let line = try result.get()
        complete += 1
        try write { try put(line) }
      } catch let error as OutputError { throw error } catch {
        if error.isCancellation { throw error }
        code = max(code, Failure.code(of: error))
        write { tell("downloader: \(error)") }
      }
    }
    return code
  }

  private func start(_ file: (url: String, name: String)) -> Deferred<String> {
    Deferred { try await self.get(file) }.addBoth { [progress] result in
      progress?.noteFile(file.url)
      return try result.get()
    }
  }

  /// Writes above the progress.
  private func write(_ body: () throws -> Void) rethrows {
    if let progress { try progress.write(body) } else { try body() }
  }

  /// Downloads one, and returns its line of checksums.
  private func get(_ file: (url: String, name: String)) async throws -> String {
    let path = "\(options.folder)/\(file.name)"
    let wanted = checksums?[file.name]
    if let checksums, checksums[file.name] == nil { throw Failure.checksum("there is no checksum for \(file.name)") }
    if let wanted, FileManager.default.fileExists(atPath: path), try await sha256(path) == wanted {
      return "\(wanted)  \(file.name)"
    }
    guard file.name.utf8.count <= Self.longestName else {
      throw Failure.name(
        "a file cannot have the name of \(file.name.utf8.count) bytes that begins with \(file.name.prefix(60))")
    }
    // An unverified file does not get its final name yet.
    let unverified = "\(options.folder)/\(Self.unverifiedName(of: file.name))"
    var download = try await fetch(file, to: unverified)
    var sum = try await sha256(unverified)
    if let wanted, sum != wanted, download.resumedAt > 0 {
      // The existing part may have been of another version, without a sign of that from the server.
      download = try await fetch(file, to: unverified)
      sum = try await sha256(unverified)
    }
    if let wanted, sum != wanted {
      try FileManager.default.removeItem(atPath: unverified)
      throw Failure.checksum("\(download.url): the checksum is \(sum), not \(wanted)")
    }
    guard rename(unverified, path) == 0 else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
    }
    return "\(sum)  \(file.name)"
  }

  private func sha256(_ path: String) async throws -> String {
    try await deferToThread { try Checksums.sha256(of: path) }.value
  }

  /// Retries until it succeeds or a retry is useless. Each try resumes where the previous one stopped.
  private func fetch(_ file: (url: String, name: String), to path: String) async throws -> HTTPClient.Download {
    var tries = 0
    while true {
      do {
        let progress = progress
        return try await client.download(HTTPClient.Request(file.url), to: path, resuming: true) {
          progress?.note(file.url, file.name, $0, $1)
        }.value
      } catch let error as HTTPError where tries < options.retries && error.mayPass {
        // A random fraction, so that downloads that failed together do not retry together.
        let longest = min(options.delay * Double(1 << min(tries, 20)), 60)
        tries += 1
        try await reactor.sleep(.seconds(Double.random(in: longest / 2...longest))).value
      }
    }
  }
}

extension HTTPError {
  /// Whether a retry may succeed.
  fileprivate var mayPass: Bool {
    if let status { return [408, 429, 500, 502, 503, 504].contains(status) }
    return fault == .network && network?.certificate == nil || code == .closedEarly
  }
}
