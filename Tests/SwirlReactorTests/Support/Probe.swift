import SwirlPlatform

/// Runs one scenario of `ReactorProbe` or another probe. A probe is a separate program, because a test has no main
/// thread for a reactor.
struct Probe {
  /// Its output, standard error included.
  let output: String
  /// As in a shell: 128 plus the signal for a crash.
  let exitCode: Int32

  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// - Parameters:
  ///   - descriptors: how many it may have open.
  ///   - environment: a variable of its own, such as `NAME=1`.
  init(
    _ scenario: String, of probe: String = "ReactorProbe", descriptors: Int? = nil, environment: String = ""
  ) {
    // The build puts it beside the test runner.
    var path = [CChar](repeating: 0, count: 4096)
    readlink("/proc/self/exe", &path, path.count - 1)
    let program = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = program[..<program.lastIndex(of: "/")!]
    let limit = descriptors.map { "ulimit -n \($0); " } ?? ""
    let command = "\(limit)\(environment) SWIFT_BACKTRACE=enable=no timeout 60 '\(folder)/\(probe)' '\(scenario)' 2>&1"
    guard let stream = popen(command, "r") else {
      output = "cannot be run"
      exitCode = -1
      return
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
    let status = pclose(stream)
    output = String(decoding: bytes, as: UTF8.self)
    exitCode = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
  }
}
