import SwirlPlatform

/// The program of this process, to start it again.
enum OwnProgram {
  /// The path that it was started with, if that is absolute, so that a link to the newest release is followed anew;
  /// otherwise where its file is, or was before it was replaced.
  static var path: any SystemBytes {
    let given = CommandLine.arguments.first ?? ""
    if given.hasPrefix("/") { return given }
    #if os(Linux)
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
    guard count > 0 else { return given }
    let deleted = Array(" (deleted)".utf8)
    let path = Array(bytes.prefix(count))
    return path.suffix(deleted.count).elementsEqual(deleted) ? Array(path.dropLast(deleted.count)) : path
    #else
    return given
    #endif
  }

  static var arguments: [any SystemBytes] { Array(CommandLine.arguments.dropFirst()) }

  static func name(_ program: any SystemBytes) -> String { SystemPath(program).description }
}
