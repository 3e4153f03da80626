import SwirlDeferred
public import SwirlReactor

/// Reads bytes from a stream in portions: a number of bytes, a line, or up to a delimiter.
///
/// ```swift
/// var reader = StreamReader(connection.inbound)
/// while let line = try await reader.readLine() { print(line) }
/// ```
///
/// For one task. It buffers bytes that were received but not read yet, at most the limit plus one piece. Releasing it
/// ends the stream, as leaving a loop does. asyncio: `StreamReader`.
public struct StreamReader {
  private var iterator: ReactorStream<[UInt8]>.AsyncIterator
  private var bytes: [UInt8] = []
  /// The number of bytes of `bytes` already returned.
  private var start = 0
  private var isAtEnd = false
  /// The error of the stream. Every call throws it, because the data is incomplete.
  private var failure: (any Error)?
  /// The maximum length of a line, or of bytes up to a delimiter.
  public let limit: Int

  /// - Parameters:
  ///   - stream: the source of the bytes; only this may read it.
  ///   - limit: the maximum length of a line, or of bytes up to a delimiter.
  public init(_ stream: ReactorStream<[UInt8]>, limit: Int = 64 * 1024) {
    require(limit > 0, "a reader of lines of at most \(limit) bytes")
    iterator = stream.makeAsyncIterator()
    self.limit = limit
  }

  private var count: Int { bytes.count - start }

  /// The next bytes, at most `count`, as soon as any arrive; empty at EOF. asyncio: `read(n)`.
  public mutating func read(
    atMost count: Int = .max, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    require(count > 0, "reading at most \(count) bytes")
    if self.count == 0 { _ = try await fill(isolation) }
    return take(min(count, self.count))
  }

  /// All bytes up to EOF. Throws ``StreamReaderError`` with the code `.tooLong` if these are more than `count` bytes.
  /// asyncio: `read(-1)`.
  public mutating func readAll(
    atMost count: Int, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    repeat {
      if self.count > count { throw StreamReaderError(.tooLong, "more than \(count) bytes came") }
    } while try await fill(isolation)
    return take(self.count)
  }

  /// The next `count` bytes. Throws ``StreamReaderError`` with the code `.endOfStream` if fewer arrive; those can still
  /// be read. asyncio: `readexactly`.
  public mutating func readExactly(
    _ count: Int, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    require(count >= 0, "reading \(count) bytes")
    while self.count < count {
      guard try await fill(isolation) else {
        throw StreamReaderError(.endOfStream, "the stream ended after \(self.count) of \(count) bytes")
      }
    }
    return take(count)
  }

  /// The bytes up to and including `delimiter`. Throws ``StreamReaderError``: with the code `.tooLong` if it is not in
  /// the first ``limit`` bytes, `.endOfStream` if it does not arrive. The bytes can still be read. asyncio:
  /// `readuntil`.
  public mutating func readUntil(
    _ delimiter: [UInt8], isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    guard let found = try await find(delimiter, isolation) else {
      throw StreamReaderError(.endOfStream, "the stream ended after \(count) bytes without the delimiter")
    }
    return take(found + delimiter.count)
  }

  /// The next line as UTF-8, without its line feed and the carriage return before that; nil at EOF. A last line without
  /// a line feed counts. Throws ``StreamReaderError`` with the code `.tooLong` for a line longer than ``limit``.
  public mutating func readLine(isolation: isolated (any Actor)? = #isolation) async throws -> String? {
    let found = try await find([UInt8(ascii: "\n")], isolation)
    if found == nil, count == 0 { return nil }
    var line = take(found.map { $0 + 1 } ?? count)
    if line.last == UInt8(ascii: "\n") { line.removeLast() }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }

  /// The position of `delimiter`, from the first unread byte; nil if the stream ends without it.
  private mutating func find(
    _ delimiter: [UInt8], _ isolation: isolated (any Actor)?
  ) async throws -> Int? {
    require(!delimiter.isEmpty, "a delimiter without a byte")
    var searched = 0
    while true {
      if let found = bytes.position(of: delimiter, from: start + searched) {
        if found - start > limit { throw tooLong }
        return found - start
      }
      if count > limit { throw tooLong }
      // Its first part may have arrived.
      searched = max(0, count - delimiter.count + 1)
      guard try await fill(isolation) else { return nil }
    }
  }

  private var tooLong: StreamReaderError { StreamReaderError(.tooLong, "no end of it within \(limit) bytes") }

  private mutating func take(_ count: Int) -> [UInt8] {
    defer {
      start += count
      if start == bytes.count {
        bytes = []
        start = 0
      } else if start > 64 * 1024 {
        bytes.removeFirst(start)
        start = 0
      }
    }
    return start == 0 && count == bytes.count ? bytes : Array(bytes[start..<start + count])
  }

  /// Waits for more bytes; false at EOF.
  private mutating func fill(_ isolation: isolated (any Actor)?) async throws -> Bool {
    if let failure { throw failure }
    let next: [UInt8]?
    do { next = isAtEnd ? nil : try await iterator.next(isolation: isolation) } catch {
      failure = error
      throw error
    }
    guard let more = next else {
      isAtEnd = true
      return false
    }
    if bytes.isEmpty { bytes = more } else { bytes += more }
    return true
  }
}

extension StreamReader {
  /// The lines, for one loop. asyncio: `async for line in reader`.
  public consuming func lines() -> Lines { Lines(reader: self) }

  /// The lines as they arrive.
  public struct Lines: AsyncSequence {
    fileprivate let reader: StreamReader

    /// The iterator of one loop.
    public struct AsyncIterator: AsyncIteratorProtocol {
      fileprivate var reader: StreamReader

      /// The next line, nil at the end.
      public mutating func next() async throws -> String? { try await reader.readLine() }

      /// Like `next()`, on the caller's actor.
      public mutating func next(isolation: isolated (any Actor)?) async throws -> String? {
        try await reader.readLine(isolation: isolation)
      }
    }

    /// Starts the loop.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }
  }
}

/// A read of a ``StreamReader`` failed.
public struct StreamReaderError: Error, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// The stream ended too early.
    public static let endOfStream = Code(rawValue: 0)
    /// More bytes arrived than the limit allows.
    public static let tooLong = Code(rawValue: 1)
  }

  /// The kind of failure.
  public let code: Code
  /// The same in words.
  public let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}

extension [UInt8] {
  /// The position of the first `pattern` at or after `start`.
  package func position(of pattern: [UInt8], from start: Int) -> Int? {
    guard let first = pattern.first else { return start }
    var index = start
    while index + pattern.count <= count {
      guard let found = self[index...(count - pattern.count)].firstIndex(of: first) else { return nil }
      if self[found..<found + pattern.count].elementsEqual(pattern) { return found }
      index = found + 1
    }
    return nil
  }
}
