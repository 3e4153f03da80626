import COpenSSL
import SwirlPlatform
import SwirlReactor

/// The contexts of a reactor. One is used again as long as the files that it was made of hold the same.
final class TLSContexts {
  private struct Key: Hashable {
    let configuration: TLSConfiguration
    let role: TLSContext.Role
  }
  private struct Entry {
    /// How the files were when they were read; a server's are compared by what they hold.
    let files: [FileState]
    let context: TLSContext
  }
  private var entries: [Key: Entry] = [:]

  /// A client asks for each connection, so that it only looks at whether its files have changed; a server asks when it begins to
  /// listen, and reads them.
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
    // A program that makes a new configuration for each connection must not fill the memory.
    if entries.count >= 64 { entries = [:] }
    entries[key] = Entry(files: files, context: context)
    return context
  }
}

/// Which file is at a path, and when it was last written: another if a renewed one has taken its place.
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
  /// The paths of all files that it names, and of the system's roots where those are trusted.
  fileprivate var files: [String] {
    let own = [identity?.chain, identity?.privateKey].compactMap { $0 } + (roots ?? [])
    return own.compactMap { if case .file(let path) = $0.place { path } else { nil } }
      + (roots == nil ? [Self.systemRoots] : [])
  }

  private static var systemRoots: String {
    let chosen = X509_get_default_cert_file_env().flatMap { getenv($0) }.map { String(cString: $0) }
    return chosen ?? X509_get_default_cert_file().map { String(cString: $0) } ?? ""
  }

  /// The same with what the files hold in their place.
  fileprivate func readingFiles() throws(NetError) -> TLSConfiguration {
    var read = self
    if var identity {
      // Of one file, both are of one moment.
      let isOne = identity.privateKey == identity.chain
      identity.chain = try identity.chain.reading()
      identity.privateKey = isOne ? identity.chain : try identity.privateKey.reading()
      read.identity = identity
    }
    read.roots = try roots?.map { root throws(NetError) in try root.reading() }
    return read
  }
}

extension TLSConfiguration.PEM {
  fileprivate func reading() throws(NetError) -> Self {
    guard case .file(let path) = place else { return self }
    return Self(place: .contents(try PEMReader.contents(of: path), path: path))
  }
}
