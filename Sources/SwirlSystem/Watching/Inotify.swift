import CSwirlSystem
import SwirlPlatform

#if os(Linux)
/// An event of inotify(7).
struct InotifyEvent {
  let watch: Int32
  let mask: UInt32
  /// The same for both halves of a move.
  let cookie: UInt32
  /// The name in the watched directory; empty for that itself.
  let name: [UInt8]

  func has(_ bit: UInt32) -> Bool { mask & bit != 0 }
  var isDirectory: Bool { has(Inotify.isDirectory) }
}

/// The calls of inotify, and its numbers, which its header has.
enum Inotify {
  static let modified: UInt32 = 0x2
  static let attributes: UInt32 = 0x4
  static let written: UInt32 = 0x8
  static let movedFrom: UInt32 = 0x40
  static let movedTo: UInt32 = 0x80
  static let created: UInt32 = 0x100
  static let removed: UInt32 = 0x200
  static let selfRemoved: UInt32 = 0x400
  static let selfMoved: UInt32 = 0x800
  static let unmounted: UInt32 = 0x2000
  static let overflow: UInt32 = 0x4000
  static let ignored: UInt32 = 0x8000
  static let isDirectory: UInt32 = 0x4000_0000
  private static let directoryOnly: UInt32 = 0x100_0000
  private static let noLink: UInt32 = 0x200_0000
  private static let everything =
    modified | attributes | written | movedFrom | movedTo | created | removed | selfRemoved | selfMoved | directoryOnly

  /// Watches a directory. Returns its number, or -1 and the reason in `errno`.
  static func watch(_ descriptor: Int32, _ path: SystemPath, followsLink: Bool) -> Int32 {
    path.withCString { swirl_inotify_add(descriptor, $0, everything | (followsLink ? 0 : noLink)) }
  }

  /// The room for the events of one read: several thousand, and at least one with the longest name.
  static let room = 64 * 1024

  /// The events of one read; nil, with the reason in `errno`, without an event.
  static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer) -> [InotifyEvent]? {
    let count = Descriptor.read(descriptor, buffer, room)
    guard count > 0 else { return nil }
    var events: [InotifyEvent] = []
    var start = 0
    let header = 16
    while start + header <= count {
      // struct inotify_event: four numbers of 32 bits, and a name, which zeros fill up. The kernel writes whole ones.
      let length = Int(buffer.load(fromByteOffset: start + 12, as: UInt32.self))
      guard start + header + length <= count else { break }
      let name = UnsafeRawBufferPointer(start: buffer + start + header, count: length).prefix { $0 != 0 }
      events.append(
        InotifyEvent(
          watch: buffer.load(fromByteOffset: start, as: Int32.self),
          mask: buffer.load(fromByteOffset: start + 4, as: UInt32.self),
          cookie: buffer.load(fromByteOffset: start + 8, as: UInt32.self), name: Array(name)))
      start += header + length
    }
    return events
  }

  /// The error of a call, with the limit that it has met.
  static func error(_ errno: Int32, _ path: SystemPath) -> FileError {
    let reason: String? =
      switch errno {
      case ENOSPC: "the limit of watches is reached: raise it by sysctl fs.inotify.max_user_watches"
      case EMFILE: "the limit of watchers is reached: raise it by sysctl fs.inotify.max_user_instances, or ulimit -n"
      default: nil
      }
    return FileError("watch", path, errno: errno, reason: reason)
  }
}

/// The entries of a directory.
enum DirectoryEntries {
  /// Names and whether each is a directory, links not followed; empty if it cannot be read.
  static func of(_ path: SystemPath) -> [(name: [UInt8], isDirectory: Bool)] {
    guard let directory = path.withCString({ opendir($0) }) else { return [] }
    defer { closedir(directory) }
    var entries: [(name: [UInt8], isDirectory: Bool)] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name == [0x2e] || name == [0x2e, 0x2e] { continue }
      var isDirectory = entry.pointee.d_type == UInt8(DT_DIR)
      if entry.pointee.d_type == UInt8(DT_UNKNOWN) {
        var status = stat()
        isDirectory = path.child(name).withCString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
      }
      entries.append((name, isDirectory))
    }
    return entries
  }
}

extension SystemPath {
  /// The path of an entry of this directory.
  func child(_ name: [UInt8]) -> SystemPath {
    let slash = UInt8(ascii: "/")
    return SystemPath(systemBytes.last == slash ? systemBytes + name : systemBytes + [slash] + name)
  }
}
#endif
