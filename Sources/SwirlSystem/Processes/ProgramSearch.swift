import SwirlPlatform

/// Finds a program, and explains why it cannot be started.
struct ProgramSearch {
  private let program: SystemPath
  /// The child's working directory.
  private let directory: SystemPath?

  init(_ program: any SystemBytes, from directory: (any SystemBytes)?) {
    self.program = SystemPath(program)
    self.directory = directory.map { SystemPath($0) }
  }

  /// For messages: invalid UTF-8 is replaced by U+FFFD.
  var name: String { program.description }

  /// The program's path: a name without a slash is looked up in this process' PATH.
  func find() throws(ProcessError) -> SystemPath {
    let slash = UInt8(ascii: "/")
    let name = program.systemBytes
    if name.isEmpty { throw ProcessError(.notFound, "start", "\"\"", "the name of the program is empty") }
    if name.contains(slash) { return program }
    let path = getenv("PATH").map { bytes(of: $0) } ?? Array("/usr/local/bin:/usr/bin:/bin".utf8)
    var refused: SystemPath?
    for folder in path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      // A relative folder of PATH is relative to this process' directory, not to the child's.
      let folder = folder.first == slash ? Array(folder) : Self.here + [slash] + folder
      let candidate = SystemPath(folder + [slash] + name)
      guard Self.isFile(candidate) else { continue }
      if Self.isExecutable(candidate) { return candidate }
      refused = refused ?? candidate
    }
    if let refused { throw error(EACCES, refused) }
    throw ProcessError(
      .notFound, "start", self.name, errno: ENOENT, "it is in no directory of PATH; install it, or give its path")
  }

  /// The message for an error of `posix_spawn`.
  func error(_ errno: Int32, _ path: SystemPath) -> ProcessError {
    let program = name
    if let directory, [ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG].contains(errno) {
      if !Self.isDirectory(directory) || !Self.isExecutable(directory) {
        return ProcessError(
          .noDirectory, "start", program, errno: errno,
          "its working directory \(directory) is not there, or not to be entered")
      }
    }
    let isAbsolute = path.systemBytes.first == UInt8(ascii: "/")
    let file = SystemPath(
      (isAbsolute ? [] : directory.map { $0.systemBytes + [UInt8(ascii: "/")] } ?? []) + path.systemBytes)
    switch errno {
    case ENOENT where Self.isFile(file):
      return ProcessError(
        .notExecutable, "start", program, errno: errno, "the interpreter that its first line names is not there")
    case ENOENT, ENOTDIR: return ProcessError(.notFound, "start", program, errno: errno, "look at the path \(file)")
    case EACCES where Self.isDirectory(file):
      return ProcessError(.notExecutable, "start", program, errno: errno, "\(file) is a directory")
    case EACCES:
      return ProcessError(.notExecutable, "start", program, errno: errno, "it may not be executed: chmod +x \(file)")
    case ENOEXEC:
      return ProcessError(
        .notExecutable, "start", program, errno: errno,
        "it is neither a program of this system nor a script that begins with #!")
    case EMFILE, ENFILE:
      return ProcessError(
        .cannotStart, "start", program, errno: errno, "raise the limit (ulimit -n) or start fewer processes at once")
    case EAGAIN:
      return ProcessError(.cannotStart, "start", program, errno: errno, "there are too many processes (ulimit -u)")
    case E2BIG:
      return ProcessError(.cannotStart, "start", program, errno: errno, "hand them over as its input, or in a file")
    default: return ProcessError(.cannotStart, "start", program, errno: errno)
    }
  }

  private static var here: [UInt8] {
    guard let here = getcwd(nil, 0) else { return Array(".".utf8) }
    defer { free(here) }
    return bytes(of: here)
  }

  private static func isExecutable(_ path: SystemPath) -> Bool { path.withCString { access($0, X_OK) } == 0 }

  private static func mode(_ path: SystemPath) -> mode_t {
    var status = stat()
    return path.withCString { stat($0, &status) } == 0 ? status.st_mode & S_IFMT : 0
  }

  private static func isFile(_ path: SystemPath) -> Bool { mode(path) == S_IFREG }
  private static func isDirectory(_ path: SystemPath) -> Bool { mode(path) == S_IFDIR }
}

/// The bytes of a C string, without its zero byte.
private func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
  Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
}
