import SwirlPlatform

/// The files that a configuration was read from: whether they have changed, and which of its values were theirs.
final class SystemFiles: Sendable {
  /// When a file was changed, and which one it is: enough to see a change without reading it.
  private struct Stamp: Equatable {
    let seconds, nanoseconds, size: Int
    let file: UInt64
  }

  private let paths: [String]
  private let stamps: [Stamp?]
  /// What they said.
  let configuration: NameClient.Configuration

  /// Reads `resolv.conf(5)` and `hosts(5)`; what can't be read is empty.
  init(_ paths: [String] = ["/etc/resolv.conf", "/etc/hosts"]) {
    self.paths = paths
    // Before it reads: a change meanwhile is seen later.
    stamps = paths.map(Self.stamp)
    configuration = NameClient.Configuration(
      resolvConf: SystemFile.text(paths[0]) ?? "", hosts: SystemFile.text(paths[1]) ?? "")
  }

  private static func stamp(_ path: String) -> Stamp? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    #if os(Linux)
    let time = status.st_mtim
    #else
    let time = status.st_mtimespec
    #endif
    return Stamp(
      seconds: time.tv_sec, nanoseconds: time.tv_nsec, size: Int(status.st_size), file: UInt64(status.st_ino))
  }

  /// The files as they are now, if one was changed, made or removed; otherwise nil.
  func changed() -> SystemFiles? { paths.map(Self.stamp) == stamps ? nil : SystemFiles(paths) }
}

extension NameClient.Configuration {
  /// With what the files say, and again when they have changed.
  init(_ files: SystemFiles) {
    self = files.configuration
    systemFiles = files
  }

  /// Takes over what the changed files say, but for values that the program has set.
  mutating func follow(_ new: SystemFiles) {
    guard let old = systemFiles else { return }
    func take<Value: Equatable>(_ path: WritableKeyPath<Self, Value>) {
      if self[keyPath: path] == old.configuration[keyPath: path] {
        self[keyPath: path] = new.configuration[keyPath: path]
      }
    }
    take(\.servers)
    take(\.searchDomains)
    take(\.ndots)
    take(\.timeout)
    take(\.attempts)
    take(\.rotates)
    take(\.usesTCP)
    take(\.hosts)
    systemFiles = new
  }
}
