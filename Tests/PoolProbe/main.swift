// The tests of ProcessPool use workers of this program. Without arguments it does nothing; with a path, it runs a pool
// whose worker hangs once that file exists.
import SwirlDeferred
import SwirlPlatform
import SwirlProcessPool
import SwirlReactor

struct Refusal: Error, CustomStringConvertible { var description: String }

ProcessPool.register("square") { (number: Int) in number * number }
ProcessPool.register("process") { (_: Int) in Int(getpid()) }
ProcessPool.register("print") { (text: String) in
  print(text)
  return text.utf8.count
}
ProcessPool.register("throw") { (text: String) throws -> Int in throw Refusal(description: text) }
ProcessPool.register("exit") { (code: Int) -> Int in exit(Int32(code)) }
ProcessPool.register("hang") { (path: String) -> Int in
  // Reports that it runs: the test reads the other side.
  if let file = fopen(path, "w") { fclose(file) }
  while true { pause() }
}
ProcessPool.register("nothing") { (number: Int) -> Int? in number == 0 ? nil : number }
ProcessPool.register("large") { (count: Int) in String(repeating: "x", count: count) }
ProcessPool.register("endless") { (_: Int) in Double.infinity }
ProcessPool.register("later") { (number: Int) async throws in
  try await Task.sleep(for: .milliseconds(1))
  return number + 1
}
ProcessPool.register("environment") { (name: String) in getenv(name).map { String(cString: $0) } }
ProcessPool.serveIfWorker()

if let path = CommandLine.arguments.dropFirst().first {
  let pool = ProcessPool(size: 1)
  let hung: Deferred<Int> = pool.call("hang", path)
  hung.addBoth { _ in reactor.stop() }
  reactor.run()
}
