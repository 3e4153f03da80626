import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlHTTPCore

/// The directory of a cache. Its calls block on the disk: use a thread of a pool.
///
/// Other processes may read, write and remove the same files at any time. Each file is replaced atomically.
struct CacheDirectory: Sendable {
  let path: String
  /// The maximum size; a larger file is not one of the cache's.
  let limit: Int

  private func path(of name: String) -> String { "\(path)/\(name)" }

  // MARK: - One file

  enum Found: Sendable {
    case responses([CachedResponse])
    case nothing
    /// It was damaged, and has been deleted.
    case damaged
    /// The file system refuses.
    case refused
  }

  /// What is kept under `key`. That it was asked for is noted as the file's time, by which files are removed.
  /// - Parameter now: the time of day, since 1970.
  func read(_ key: String, at now: Duration) -> Found {
    let path = path(of: CacheFile.name(for: key))
    // Does not follow links, and does not block on anything but a file.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return .nothing }
      return errno == ELOOP ? removeDamaged(path) : .refused
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { return .refused }
    guard status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) <= limit + 1024,
      let bytes = readAll(file, count: Int(status.st_size)), let responses = CacheFile.read(bytes, for: key)
    else { return removeDamaged(path) }
    noteUse(of: file, at: now)
    return .responses(responses)
  }

  /// Sets its time to now, in nanoseconds: the kernel's own time is that of its last tick, and the same for many files.
  private func noteUse(of file: Int32, at now: Duration) {
    let (seconds, attoseconds) = now.components
    let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    futimens(file, [time, time])
  }

  private func removeDamaged(_ path: String) -> Found {
    unlink(path)
    return .damaged
  }

  /// nil if there are fewer.
  private func readAll(_ file: Int32, count: Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        // The pointer stays within the buffer, which has room for all of them.
        let more = readFile(file, buffer.baseAddress! + initialized, count - initialized)
        if more < 0, errno == EINTR { continue }
        if more <= 0 { break }
        initialized += more
      }
    }
    return bytes.count == count ? bytes : nil
  }

  /// The result of changing a file: the added bytes, and whether the file system allowed it.
  struct Change: Sendable {
    var growth = 0
    var failures = 0
  }

  /// Changes what is kept under `key`.
  /// - Parameter now: the time of day, since 1970.
  func update(_ key: String, at now: Duration, _ change: (inout [CachedResponse]) -> Void) -> Change {
    var result = Change()
    let path = path(of: CacheFile.name(for: key))
    let before = size(of: path)
    var responses: [CachedResponse] = []
    switch read(key, at: now) {
    case .responses(let found): responses = found
    case .nothing: break
    case .damaged, .refused: result.failures += 1
    }
    change(&responses)
    if before == 0, responses.isEmpty { return result }
    // A file by itself must fit.
    while !responses.isEmpty, responses.size + key.utf8.count > limit { responses.removeLast() }
    // If the new file cannot be written, delete the old one, which is outdated.
    if responses.isEmpty || !replace(path, with: CacheFile.write(responses, for: key), at: now) {
      if !responses.isEmpty { result.failures += 1 }
      if unlink(path) != 0, errno != ENOENT, errno != ENOTDIR { result.failures += 1 }
    }
    result.growth = size(of: path) - before
    return result
  }

  private func size(of path: String) -> Int {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
  }

  private static let temporaryPrefix = ".new-"

  /// Writes a new file, and renames it over the old one. Without fsync: a file lost in a power failure is detected as
  /// damaged.
  private func replace(_ path: String, with bytes: [UInt8], at now: Duration) -> Bool {
    let temporary = self.path(of: Self.temporaryPrefix + String(UInt64.random(in: 0 ... .max), radix: 36))
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    var file = open(temporary, flags, S_IRUSR | S_IWUSR)
    if file < 0, errno == ENOENT, makeDirectory() { file = open(temporary, flags, S_IRUSR | S_IWUSR) }
    guard file >= 0 else { return false }
    var isWritten = writeAll(bytes, to: file)
    noteUse(of: file, at: now)
    // Some file systems report a full disk only on close.
    if close(file) != 0 { isWritten = false }
    if isWritten, rename(temporary, path) == 0 { return true }
    unlink(temporary)
    return false
  }

  private func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      // The pointer stays within the array, and the call only reads.
      let count = bytes.withUnsafeBytes { writeFile(file, $0.baseAddress! + sent, bytes.count - sent) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  /// Creates the directory and its parents.
  private func makeDirectory() -> Bool {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      if mkdir(String(path[..<end]), S_IRWXU) != 0, errno != EEXIST { return false }
    }
    return true
  }

  // MARK: - All files

  private struct Entry {
    let path: String
    let size: Int
    let used: Int
    let isTemporary: Bool
  }

  private func entries() -> [Entry] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var entries: [Entry] = []
    while let entry = readdir(directory) {
      // The name is a C string within the entry, which is valid until the next call.
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
      }
      let isTemporary = name.hasPrefix(Self.temporaryPrefix)
      // Ignores files that are not the cache's.
      guard isTemporary || CacheFile.isName(name) else { continue }
      var status = stat()
      guard lstat(path(of: name), &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { continue }
      #if canImport(Darwin)
      let time = status.st_mtimespec
      #else
      let time = status.st_mtim
      #endif
      let used = Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
      entries.append(Entry(path: path(of: name), size: Int(status.st_size), used: used, isTemporary: isTemporary))
    }
    return entries
  }

  /// A temporary file that is older has no writer any more.
  private static let temporaryAge = 3600 * 1_000_000_000

  /// Evicts the least recently used files until there is room to spare; returns the remaining size, and the number of
  /// evicted files.
  func trim(at now: Duration) -> (size: Int, removed: Int) {
    var entries = entries()
    let newest = Int(now.nanoseconds)
    for entry in entries where entry.isTemporary && entry.used < newest - Self.temporaryAge { unlink(entry.path) }
    entries.removeAll(where: \.isTemporary)
    var size = entries.reduce(0) { $0 + $1.size }
    guard size > limit else { return (size, 0) }
    var removed = 0
    for entry in entries.sorted(by: { $0.used < $1.used }) {
      // Evicts a little more than needed, because scanning all files is slow.
      if size <= limit - limit / 10 { break }
      if unlink(entry.path) == 0 { removed += 1 }
      size -= entry.size
    }
    return (size, removed)
  }

  func removeAll() -> Int {
    entries().count { !$0.isTemporary && unlink($0.path) != 0 && errno != ENOENT }
  }
}

// Methods of this type shadow these names.
private func readFile(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ room: Int) -> Int { read(file, bytes, room) }
private func writeFile(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(file, bytes, count) }
