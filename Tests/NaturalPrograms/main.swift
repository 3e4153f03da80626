// Programs as users write them, in the four kinds of place: the top level of main.swift, a class of the main actor, an
// actor on a reactor's thread, and nonisolated async functions. They have no `@Sendable`, `@unchecked` or
// `nonisolated(unsafe)`: compiling is half of the test, and each prints its result.
import Swirl

let site = ReactorThread(name: "site")
var count = 0
var base = ""

let everything = DeferredEvent()

/// Counts the results of each place.
@MainActor func got(_ what: String) {
  count += 1
  print(what)
}

/// Counts a program that ended with the right result.
// scopes: 1600
@MainActor func check(_ name: String, _ isRight: Bool) {
  if !isRight { return print("\(name): wrong") }
  got(name)
  if count == 182 { everything.set() }
}

try runUntilComplete {
  let address = try await site.run { _ in
    try HTTPServer { request in .text("page \(request.path)") }.listen(0).localAddress
  }
  base = "http://\(address)"
}

// The top level: callbacks that change a variable, a chain, a list, a callback from another thread.
fetch("\(base)/callback") { result in got("top: \(try result.get().text)") }
fetch("\(base)/chain").addCallback { $0.text.count }.addCallback { got("top: \($0) characters") }.addErrback {
  print($0)
}
let pages = ["/1", "/2"].map { fetch(base + $0).addCallback(\.text) }
gatherResults(pages).addCallback { got("top: \($0.joined(separator: ", "))") }.addErrback { print($0) }
let remote = reactor.remote
deferToThread { (1...4).reduce(1, *) }.addCallback { got("top: \($0) from a thread") }.addErrback { print($0) }
reactor.callLater(.milliseconds(5)) { remote.callFromThread { _ in print("top: from afar") } }
reactor.addSystemEventTrigger(.before, .shutdown) { print("top: shutting down") }

// Coordination: a limit, a lock, a queue with workers, a loop, a group, a stream by lines.
gatherResults(["/3", "/4", "/5"], atMost: 2) { fetch(base + $0) }.addCallback {
  got("top: \($0.count) pages, two at once")
}
let lock = DeferredLock()
lock.run { fetch("\(base)/locked").addCallback { page in fetch("\(base)/\(page.text.count)") } }
  .addCallback { got("top: locked \($0.text)") }
let queue = DeferredQueue<String>(size: 2)
@MainActor func work() {
  queue.get().addCallback { path in
    fetch(base + path).addBoth { _ in queue.taskDone() }.addBoth { _ in work() }
  }
}
work()
for path in ["/6", "/7", "/8"] { queue.put(path) }
queue.join(timeout: .seconds(60), clock: reactor).addCallback { got("top: the queue is empty") }
let loop = LoopingCall(clock: reactor) {
  if loop.count == 3 { loop.stop() }
}
loop.start(every: .milliseconds(1)).addCallback { got("top: three times") }
let group = DeferredGroup(cancelledBy: reactor)
group.add(fetch("\(base)/grouped"))
group.join().addCallback { got("top: the group has ended") }
try runUntilComplete {
  let parts = base.split(separator: ":")
  let connection = try await reactor.openConnection("127.0.0.1", Int(parts[2])!).value
  try await connection.write("GET /lines HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
  var last = ""
  for try await line in StreamReader(connection.inbound).lines() { last = line }
  got("stream: \(last)")
  try await queue.join().value
  try await group.join().value
}

// The other places.
let crawler = Crawler(base)
let counter = Counter(on: site)
try runUntilComplete {
  try await crawler.crawl(["/a", "/b"])
  for line in try await counter.count(base) { got("actor: \(line)") }
  for line in try await nobody(base, on: site) { got("nobody: \(line)") }
}

// Everything faked, on reactors of its own.
try Fakes().run()

// Chains, and other closures, of every shape.
let chains = Chains(base)
let places = Places(base)
try runUntilComplete {
  chains.run()
  Handlers().run()
  try await Guesses(base: base).run()
  try await Sockets().run()
  try await Events().run()
  try await Application().run()
  try await Kit(base: base).run()
  try await places.run(on: site)
  try? await everything.wait().addTimeout(.seconds(20), clock: reactor).value
}
print("\(count) in all")
