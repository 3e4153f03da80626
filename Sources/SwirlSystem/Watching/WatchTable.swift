#if os(Linux)
/// The watched directories of a watcher, by the numbers that the kernel gave them.
struct WatchTable {
  struct Directory {
    var path: SystemPath
    /// Entries that were found when the watch was new: an event that they were created may still come.
    var found: Set<[UInt8]> = []
  }

  private(set) var directories: [Int32: Directory] = [:]

  subscript(watch: Int32) -> Directory? { directories[watch] }

  mutating func insert(_ watch: Int32, _ path: SystemPath) { directories[watch] = Directory(path: path) }

  @discardableResult
  mutating func remove(_ watch: Int32) -> Directory? { directories.removeValue(forKey: watch) }

  mutating func addFound(_ name: [UInt8], to watch: Int32) { directories[watch]?.found.insert(name) }

  /// Whether the entry was found before the event about it came.
  mutating func takeFound(_ name: [UInt8], of watch: Int32) -> Bool {
    directories[watch]?.found.remove(name) != nil
  }

  /// All events that were under way when directories were read have been seen.
  mutating func clearFound() {
    for (watch, directory) in directories where !directory.found.isEmpty { directories[watch]?.found = [] }
  }

  /// The watches of a directory and of all below it.
  func watches(at path: SystemPath) -> [Int32] {
    directories.filter { $0.value.path == path || $0.value.path.isBelow(path) }.map(\.key)
  }

  /// A directory has another path, and with it all below it.
  mutating func move(_ path: SystemPath, to newPath: SystemPath) {
    for watch in watches(at: path) {
      let rest = directories[watch]?.path.systemBytes.dropFirst(path.systemBytes.count) ?? []
      directories[watch]?.path = SystemPath(newPath.systemBytes + rest)
    }
  }
}

extension SystemPath {
  /// Whether it is in the directory `path`, or deeper.
  func isBelow(_ path: SystemPath) -> Bool {
    systemBytes.count > path.systemBytes.count && systemBytes.starts(with: path.systemBytes)
      && (path.systemBytes.last == UInt8(ascii: "/") || systemBytes[path.systemBytes.count] == UInt8(ascii: "/"))
  }
}
#endif
