// Programs and their output: all of it at the end, and line by line as it comes; input; a status that is no success; a
// time limit.
// Answers to: Python's asyncio subprocess page, Twisted's ProcessProtocol and getProcessOutput.
// Run: `swift run SubprocessOutput`.
import Swirl

try runUntilComplete {
  let sorted = try await reactor.processOutput("sort", input: Array("b\na\n".utf8)).value
  print("sorted: \(sorted.text.split(separator: "\n").joined(separator: " ")), \(sorted.status)")

  // A pipe is asked for by its name: without it the child writes to this program's own standard output.
  let script = "for n in 1 2 3; do echo line $n; done; echo trouble >&2; exit 3"
  let process = try reactor.spawnProcess("sh", ["-c", script], standardOutput: .pipe, standardError: .pipe)
  let errors = process.standardError.collect()
  for try await line in StreamReader(process.standardOutput.stream()).lines() { print("it wrote: \(line)") }
  print("it complained: \(String(decoding: try await errors.value.dropLast(), as: UTF8.self))")
  print(try await process.ended.value)

  do { _ = try await reactor.processOutput("sh", ["-c", script]).value.successful() } catch { print(error) }
  do { _ = try await reactor.processOutput("sleep", ["60"], timeout: .milliseconds(50)).value } catch { print(error) }
}
