import SwirlPlatform

/// A thread, by its system identity.
struct Place: Hashable, Sendable {
  private let id = UInt(bitPattern: pthread_self().hashValue)
  let name: String

  init() { name = Self.name("thread-self") }

  /// The names of all threads of the process.
  static var all: [String] {
    guard let folder = opendir("/proc/self/task") else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let id = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      names.append(name("self/task/\(id)"))
    }
    return names
  }

  /// Empty if the thread does not exist.
  private static func name(_ path: String) -> String {
    guard let file = fopen("/proc/\(path)/comm", "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count).prefix { $0 != 0x0A }, as: UTF8.self)
  }
}
