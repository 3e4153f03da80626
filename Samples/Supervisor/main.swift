// A small supervisord: keeps the programs of a file running, one `name: command` a line; starts them again when they
// end, gives up on what ends too often, heeds changes of the file, and ends them by SIGTERM, then SIGKILL.
// Answers to: Twisted's `ProcessMonitor` and procmon, supervisord, systemd's `Restart=` and `StartLimitBurst=`.
// Run: `swift run Supervisor programs.conf`. Leaves out: users, log files, a control socket.
import Swirl

guard let path = CommandLine.arguments.dropFirst().first else { fatalError("usage: Supervisor FILE") }
let monitor = ProcessMonitor()
monitor.onStateChange = { program, state in
  switch state {
  // Its number differs from run to run.
  case .running: print("\(program.name): running")
  case .waiting(_, let end): print("\(program.name): starts again after \(end)")
  case .failed(let error): print("\(program.name): \(error)")
  case .stopped, .stopping, .finished: print("\(program.name): \(state)")
  }
}

var commands: [String: String] = [:]

/// Starts what is new in the file, and stops what is not there any more.
@MainActor func load() {
  reactor.files.readText(path)
    .addCallback { text in
      var wanted: [String: String] = [:]
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.split(separator: " ").joined(separator: " ") }
        if parts.count == 2, !line.hasPrefix("#") { wanted[parts[0]] = parts[1] }
      }
      for name in commands.keys.sorted() where wanted[name] != commands[name] { monitor.remove(name) }
      for name in wanted.keys.sorted() where wanted[name] != commands[name] {
        monitor.add(name, "sh", ["-c", "exec \(wanted[name] ?? "")"])
      }
      commands = wanted
    }
    .addErrback { error in print(error) }
}

try reactor.watchFiles(path) { change in
  if [.written, .movedIn].contains(change.kind) { load() }
}
monitor.start()
load()
reactor.run()
