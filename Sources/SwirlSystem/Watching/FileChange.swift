/// One change of a file or a directory: see `Reactor.watchFiles`.
public struct FileChange: Sendable, Hashable, CustomStringConvertible {
  /// The kind of a change.
  public struct Kind: Sendable, Hashable, CustomStringConvertible {
    /// `created`, `written` …
    public let description: String

    /// A file, a directory or anything else was made, or linked.
    public static let created = Kind(description: "created")
    /// Its content changed; more may follow.
    public static let modified = Kind(description: "modified")
    /// A program that had it open for writing has closed it: its content is complete, unless another writes.
    public static let written = Kind(description: "written")
    /// Its permissions, owner, times or links changed.
    public static let attributes = Kind(description: "attributes")
    /// It was removed.
    public static let removed = Kind(description: "removed")
    /// It has another name, within what is watched: see ``FileChange/oldPath``.
    public static let moved = Kind(description: "moved")
    /// It came from a place that is not watched.
    public static let movedIn = Kind(description: "moved in")
    /// It was moved to a place that is not watched.
    public static let movedOut = Kind(description: "moved out")
    /// The kernel has dropped changes, because they came faster than they were read: read everything anew.
    /// `fs.inotify.max_queued_events` is its limit.
    public static let overflow = Kind(description: "overflow")
    /// This directory is not watched, or not any more: its permissions do not allow it, the limit of watches is
    /// reached, its file system was unmounted, or it was the watched one and does not exist any more.
    public static let unwatched = Kind(description: "unwatched")
  }

  /// The kind of the change.
  public let kind: Kind
  /// The path in bytes, which need not be UTF-8: that of the watcher, with what is below it.
  public let pathBytes: [UInt8]
  /// The path before it was moved, for ``Kind/moved``.
  public let oldPathBytes: [UInt8]?
  /// Whether it is a directory.
  public let isDirectory: Bool
  /// Whether it was found in a directory that is new here: it may have been made before that was watched. Found files
  /// are reported as created and as written, though a program may still be writing them, and will then be reported as
  /// written again.
  public let wasFound: Bool

  init(
    _ kind: Kind, _ path: [UInt8], from oldPath: [UInt8]? = nil, isDirectory: Bool = false, wasFound: Bool = false
  ) {
    self.kind = kind
    self.isDirectory = isDirectory
    self.wasFound = wasFound
    pathBytes = path
    oldPathBytes = oldPath
  }

  /// The path; invalid UTF-8 is replaced by U+FFFD.
  public var path: String { String(decoding: pathBytes, as: UTF8.self) }
  /// The path before it was moved; invalid UTF-8 is replaced by U+FFFD.
  public var oldPath: String? { oldPathBytes.map { String(decoding: $0, as: UTF8.self) } }

  /// `moved /tmp/a to /tmp/b`, `created /tmp/c`
  public var description: String { oldPath.map { "\(kind) \($0) to \(path)" } ?? "\(kind) \(path)" }
}
