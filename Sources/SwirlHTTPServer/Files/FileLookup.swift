import SwirlNet
import SwirlPlatform
import SwirlSystem

/// Finds what a path stands for, with calls of the system that may wait for the disk.
struct FileLookup: Sendable {
  enum Found: Sendable {
    case file(ReadableFile, FileStatus, name: [UInt8], coding: String?)
    /// A directory whose path has no slash at its end.
    case directoryWithoutSlash
    /// The page with the names in a directory without an index.
    case listing([UInt8])
    case missing
  }

  let root: DirectoryRoot
  let options: DirectoryRoot.Options
  let configuration: StaticFiles.Configuration
  /// The path of the request, percent-encoded, for the page of a directory.
  let requestPath: String
  /// The codings that the client accepts, the best first.
  let codings: [String]

  private static let listed = 10_000

  func find(_ path: FilePath) throws(DirectoryRootError) -> Found {
    let opened = Result { () throws(DirectoryRootError) in try root.open(path.names, options) }
    // A directory is one, whatever is beside it.
    if let last = path.names.last, !path.hasSlash, !opened.isDirectory, !opened.isScarcity,
      let found = try precompressed(path.names, last)
    {
      return found
    }
    let (file, kind) = try opened.get()
    switch kind {
    case .file(let status):
      guard let last = path.names.last, !path.hasSlash else { return .missing }
      return .file(file, status, name: last, coding: nil)
    case .directory:
      guard path.hasSlash || path.names.isEmpty else { return .directoryWithoutSlash }
      if let index = configuration.index, let found = try self.index(path.names, Array(index.utf8)) { return found }
      guard configuration.listsDirectories else { return .missing }
      // Reading a directory may wait for the disk, and there is no way to ask.
      if options.isCachedOnly { throw DirectoryRootError(errno: EAGAIN) }
      return .listing(page(of: file.directoryNames(limit: Self.listed), isRoot: path.names.isEmpty))
    }
  }

  private func page(of names: [[UInt8]], isRoot: Bool) -> [UInt8] {
    let shown = configuration.showsHiddenFiles ? names : names.filter { $0.first != FilePath.dot }
    return DirectoryListing(path: requestPath, names: shown, isRoot: isRoot).page
  }

  private func index(_ names: [[UInt8]], _ index: [UInt8]) throws(DirectoryRootError) -> Found? {
    let names = names + [index]
    if let found = try precompressed(names, index) { return found }
    guard let (file, kind) = try opened(names), case .file(let status) = kind else { return nil }
    return .file(file, status, name: index, coding: nil)
  }

  /// The neighbour in the best coding that there is.
  private func precompressed(_ names: [[UInt8]], _ name: [UInt8]) throws(DirectoryRootError) -> Found? {
    for coding in codings {
      guard let suffix = StaticFiles.suffixes.first(where: { $0.coding == coding })?.suffix else { continue }
      guard let (file, kind) = try opened(names.dropLast() + [name + Array(suffix.utf8)]), case .file(let status) = kind
      else { continue }
      return .file(file, status, name: name, coding: coding)
    }
    return nil
  }

  /// nil if there is nothing to open at this path; a failure that another path would have, too, is thrown.
  private func opened(_ names: [[UInt8]]) throws(DirectoryRootError) -> (ReadableFile, DirectoryRoot.Kind)? {
    do throws(DirectoryRootError) { return try root.open(names, options) } catch {
      if error.isScarcity { throw error }
      return nil
    }
  }
}

extension DirectoryRootError {
  /// Whether another path would fail as well.
  fileprivate var isScarcity: Bool { [EAGAIN, EMFILE, ENFILE, EIO, ENOMEM].contains(errno) }
}

extension Result where Success == (ReadableFile, DirectoryRoot.Kind), Failure == DirectoryRootError {
  fileprivate var isDirectory: Bool { if case .success((_, .directory)) = self { true } else { false } }
  fileprivate var isScarcity: Bool { if case .failure(let error) = self { error.isScarcity } else { false } }
}
