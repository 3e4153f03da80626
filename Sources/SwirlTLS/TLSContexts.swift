import SwirlNet
import SwirlPlatform
import SwirlReactor

/// The contexts of a reactor. A context is reused while its files are unchanged.
final class TLSContexts {
  private struct Key: Hashable {
    let configuration: TLSConfiguration
    let role: TLSContext.Role
  }
  private struct Entry {
    /// The states of the files when they were read; empty for a server's listener, which compares their contents.
    let files: [FileState]
    let context: TLSContext
  }
  private var entries: [Key: Entry] = [:]

  /// A client calls this for each connection, so it only checks whether its files have changed; a server calls it when
  /// it starts to listen, and reads them.
  func context(_ configuration: TLSConfiguration, _ role: TLSContext.Role) throws(NetError) -> TLSContext {
    let key = Key(configuration: configuration, role: role)
    var files: [FileState] = []
    var read = configuration
    switch role {
    case .client:
      files = configuration.files.map { FileState(of: $0) }
      if let entry = entries[key], entry.files == files { return entry.context }
    case .server:
      read = try configuration.readingFiles()
      if let entry = entries[key], entry.context.configuration == read { return entry.context }
    }
    let context = try TLSContext(read, role)
    keep(Entry(files: files, context: context), for: key)
    return context
  }

  /// A server that secures its connections one by one calls this for each: it reads the files when they have changed.
  /// If they are unusable then, the last context stays, and `warn` is called once.
  func contextOfConnection(
    _ configuration: TLSConfiguration, warn: (NetError) -> Void
  ) throws(NetError) -> TLSContext {
    let key = Key(configuration: configuration, role: .server)
    let files = configuration.files.map { FileState(of: $0) }
    let last = entries[key]
    if let last, last.files == files { return last.context }
    let current: TLSContext
    do { current = try context(configuration, .server) } catch {
      guard let last else { throw error }
      warn(error)
      current = last.context
    }
    keep(Entry(files: files, context: current), for: key)
    return current
  }

  private func keep(_ entry: Entry, for key: Key) {
    // A limit, for programs that make a new configuration for each connection.
    if entries.count >= 64 { entries = [:] }
    entries[key] = entry
  }
}

/// The identity and modification time of the file at a path: they change when a renewed file replaces it.
private struct FileState: Equatable {
  private var device: UInt64 = 0
  private var inode: UInt64 = 0
  private var size: Int64 = 0
  private var modified: [Int] = []

  init(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    #if canImport(Darwin)
    let times = [status.st_mtimespec, status.st_ctimespec]
    #else
    let times = [status.st_mtim, status.st_ctim]
    #endif
    modified = times.flatMap { [Int($0.tv_sec), Int($0.tv_nsec)] }
  }
}

extension TLSConfiguration {
  /// The paths of all its files, and of the system's roots if those are trusted.
  fileprivate var files: [String] {
    let identities = (identity.map { [$0] } ?? []) + hostIdentities
    let own = identities.flatMap { [$0.chain, $0.privateKey] } + (roots ?? [])
    return own.compactMap { if case .file(let path) = $0.place { path } else { nil } }
      + (roots == nil ? [SystemRoots.file] : [])
  }

  /// A copy with the contents of the files in place of their paths.
  fileprivate func readingFiles() throws(NetError) -> TLSConfiguration {
    var read = self
    read.identity = try identity.map { identity throws(NetError) in try identity.reading() }
    read.hostIdentities = try hostIdentities.map { identity throws(NetError) in try identity.reading() }
    read.roots = try roots?.map { root throws(NetError) in try root.reading() }
    return read
  }
}

extension TLSConfiguration.Identity {
  fileprivate func reading() throws(NetError) -> Self {
    var read = self
    // If both are in one file, read it once, so that they match.
    let isOne = privateKey == chain
    read.chain = try chain.reading()
    read.privateKey = isOne ? read.chain : try privateKey.reading()
    return read
  }
}

extension TLSConfiguration.PEM {
  fileprivate func reading() throws(NetError) -> Self {
    guard case .file(let path) = place else { return self }
    return Self(place: .contents(try PEMReader.contents(of: path), path: path))
  }
}
