#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where a program is, and the words for why it cannot be started.
struct ProgramSearch {
  private let program: String
  /// Where the child will be when it looks for it.
  private let directory: String?

  init(_ program: String, from directory: String?) {
    self.program = program
    self.directory = directory
  }

  /// The path: a name without a slash is looked for in this process's PATH.
  func find() throws(ProcessError) -> String {
    if program.isEmpty { throw ProcessError(.notFound, "start", "\"\"", "the name of the program is empty") }
    if program.contains("/") { return program }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    var refused: String?
    for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
      // What is relative is so here, not where the child will be.
      let folder = folder.hasPrefix("/") ? String(folder) : Self.here + "/" + folder
      let candidate = folder + "/" + program
      guard Self.isFile(candidate) else { continue }
      if access(candidate, X_OK) == 0 { return candidate }
      refused = refused ?? candidate
    }
    if let refused { throw error(EACCES, refused) }
    throw ProcessError(
      .notFound, "start", program, errno: ENOENT, "it is in no directory of PATH; install it, or give its path")
  }

  /// The words for what `posix_spawn` gave.
  func error(_ errno: Int32, _ path: String) -> ProcessError {
    if let directory, [ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG].contains(errno) {
      if !Self.isDirectory(directory) || access(directory, X_OK) != 0 {
        return ProcessError(
          .noDirectory, "start", program, errno: errno,
          "its working directory \(directory) is not there, or not to be entered")
      }
    }
    let file = path.hasPrefix("/") ? path : (directory.map { $0 + "/" } ?? "") + path
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

  private static var here: String {
    guard let here = getcwd(nil, 0) else { return "." }
    defer { free(here) }
    return String(cString: here)
  }

  private static func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private static func isFile(_ path: String) -> Bool { mode(path) == S_IFREG }
  private static func isDirectory(_ path: String) -> Bool { mode(path) == S_IFDIR }
}
