import Foundation
import Swirl
import Terminal

/// Where the content of a URL goes.
@MainActor protocol Sink: AnyObject {
  func write(_ bytes: [UInt8]) async throws
  /// Writes the head of an answer, for -i.
  func write(_ head: Hop) async throws
  /// The content is complete, or the connection broke.
  func close() async throws
  /// The content is not wanted any more.
  func cut()
}

/// A file.
final class FileSink: Sink {
  private let writer: FileWriter

  init(_ path: String) { writer = reactor.files.writer(to: path) }

  func write(_ bytes: [UInt8]) async throws { try await writer.write(bytes).value }
  func write(_ head: Hop) async throws { try await writer.write(head.bytes).value }
  func close() async throws { try await writer.close().value }
  // The file of before stays.
  func cut() {}
}

/// Standard output, as it comes.
final class OutputSink: Sink {
  private let console: Console

  init(_ console: Console) { self.console = console }

  func write(_ bytes: [UInt8]) throws { try console.put(bytes) }
  func write(_ head: Hop) throws { try console.put(isatty(1) == 1 ? Array(head.text.utf8) : head.bytes) }
  func close() {}
  func cut() {}
}

/// A terminal: JSON is formatted, and binary content is refused, which could change how the terminal works.
final class TerminalSink: Sink {
  private let console: Console
  private var formatter: JSONFormatter?

  init(_ console: Console, isJSON: Bool, isColored: Bool) {
    self.console = console
    if isJSON { formatter = JSONFormatter(isColored: isColored) }
  }

  func write(_ bytes: [UInt8]) throws {
    if bytes.contains(0) { throw BinaryOutputError() }
    try console.put(formatter?.format(bytes) ?? bytes)
  }

  func write(_ head: Hop) throws { try console.put(Array(head.text.utf8)) }

  func close() throws { if let last = formatter?.end() { try console.put(last) } }
  // The terminal must not stay in the colour of a string.
  func cut() { try? close() }
}

/// Binary content was about to be written to a terminal.
struct BinaryOutputError: Error, CustomStringConvertible {
  var description: String {
    "the content is binary, and could mess up your terminal: use -o FILE to save it, or -o - to have it there anyway"
  }
}
