import SwirlDeferred
public import SwirlReactor

/// Reads bytes from a stream in the portions that a program wants: so many, a line, all up to a delimiter.
///
/// ```swift
/// var reader = StreamReader(connection.inbound)
/// while let line = try await reader.readLine() { print(line) }
/// ```
///
/// For one task. What was read from the network and not asked for yet waits here, no more than the limit and what came with it. Letting go
/// of it ends the stream, as leaving a loop over it does. asyncio: `StreamReader`.
public struct StreamReader {
  private var iterator: ReactorStream<[UInt8]>.AsyncIterator
  private var bytes: [UInt8] = []
  /// How many of `bytes` were given away.
  private var start = 0
  private var isAtEnd = false
  /// What broke the stream, told again each time: what came before it is not all that there was to be.
  private var failure: (any Error)?
  /// The longest line, or run of bytes up to a delimiter, that is waited for.
  public let limit: Int

  /// - Parameters:
  ///   - stream: where the bytes come from; it is read by this alone.
  ///   - limit: the longest line, or run of bytes up to a delimiter.
  public init(_ stream: ReactorStream<[UInt8]>, limit: Int = 64 * 1024) {
    require(limit > 0, "a reader of lines of at most \(limit) bytes")
    iterator = stream.makeAsyncIterator()
    self.limit = limit
  }

  private var count: Int { bytes.count - start }

  /// What comes next, at most `count` bytes, as soon as there is any; nothing at the end. asyncio: `read(n)`.
  public mutating func read(
    atMost count: Int = .max, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    require(count > 0, "reading at most \(count) bytes")
    if self.count == 0 { _ = try await fill(isolation) }
    return take(min(count, self.count))
  }

  /// All that comes, up to the end. Throws ``StreamReaderError`` of code `.tooLong` when that is more than `count` bytes. asyncio: `read(-1)`.
  public mutating func readAll(
    atMost count: Int, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    repeat {
      if self.count > count { throw StreamReaderError(.tooLong, "more than \(count) bytes came") }
    } while try await fill(isolation)
    return take(self.count)
  }

  /// The next `count` bytes. Throws ``StreamReaderError`` of code `.endOfStream` when fewer come; those can still be read. asyncio:
  /// `readexactly`.
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

  /// The bytes up to `delimiter` and with it. Throws ``StreamReaderError``: of code `.tooLong` when it is not among the first ``limit``
  /// bytes, `.endOfStream` when it does not come; what came can still be read. asyncio: `readuntil`.
  public mutating func readUntil(
    _ delimiter: [UInt8], isolation: isolated (any Actor)? = #isolation
  ) async throws -> [UInt8] {
    guard let found = try await find(delimiter, isolation) else {
      throw StreamReaderError(.endOfStream, "the stream ended after \(count) bytes without the delimiter")
    }
    return take(found + delimiter.count)
  }

  /// The next line as UTF-8, without its line feed and the carriage return before that; nil at the end. A last line without a line feed is
  /// a line. Throws ``StreamReaderError`` of code `.tooLong` for one that is longer than ``limit``.
  public mutating func readLine(isolation: isolated (any Actor)? = #isolation) async throws -> String? {
    let found = try await find([UInt8(ascii: "\n")], isolation)
    if found == nil, count == 0 { return nil }
    var line = take(found.map { $0 + 1 } ?? count)
    if line.last == UInt8(ascii: "\n") { line.removeLast() }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }

  /// Where `delimiter` begins, counted from the first byte that was not given away; nil when the stream ends without it.
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
      // Its first part may be there.
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

  /// Waits for more; false at the end.
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
  /// The lines that come, for one loop. asyncio: `async for line in reader`.
  public consuming func lines() -> Lines { Lines(reader: self) }

  /// Lines as they come.
  public struct Lines: AsyncSequence {
    fileprivate let reader: StreamReader

    /// What one loop takes from.
    public struct AsyncIterator: AsyncIteratorProtocol {
      fileprivate var reader: StreamReader

      /// The next line, nil at the end.
      public mutating func next() async throws -> String? { try await reader.readLine() }

      /// As `next()`, on the caller's actor.
      public mutating func next(isolation: isolated (any Actor)?) async throws -> String? {
        try await reader.readLine(isolation: isolation)
      }
    }

    /// Begins to take.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }
  }
}

/// What a ``StreamReader`` could not give.
public struct StreamReaderError: Error, CustomStringConvertible {
  /// What went wrong.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// The stream ended before all was there.
    public static let endOfStream = Code(rawValue: 0)
    /// More came than was to be waited for.
    public static let tooLong = Code(rawValue: 1)
  }

  /// What went wrong.
  public let code: Code
  /// The same in words.
  public let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}

extension [UInt8] {
  /// Where `pattern` begins for the first time, at `start` or later.
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
