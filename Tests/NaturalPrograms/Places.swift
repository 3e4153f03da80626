import Swirl

/// Closures for other APIs than chains: loops, cooperators, triggers, locks, groups, threads, streamed requests.
@MainActor final class Places {
  private let url: String
  private var rounds = 0
  private var underWay = 0

  init(_ base: String) { url = base + "/page" }

  private func step(_ name: String) { rounds += 1 }

  /// Starts all of them.
  func run(on thread: ReactorThread) async throws {
    loopOfStatements()
    loopOfOneIf()
    loopWaitsForItsDeferred()
    loopWaitsForItsLastStatement()
    cooperates()
    cooperatesWithDeferreds()
    maybes()
    locks()
    triggers()
    streams()
    queues()
    later()
    try await threads(thread)
  }

  private func loopOfStatements() {
    let loop = LoopingCall(clock: reactor) {
      self.step("first")
      self.step("second")
    }
    loop.start(every: .zero).addCallback { check("loopOfStatements", true) }
    reactor.callSoon { loop.stop() }
  }
  private func loopOfOneIf() {
    var loop: LoopingCall!
    loop = LoopingCall(clock: reactor) {
      if loop.count == 3 { loop.stop() }
    }
    loop.start(every: .milliseconds(1)).addCallback {
      self.step("loop")
      check("loopOfOneIf", true)
    }.addErrback { print($0) }
  }
  /// One call of the body runs at a time, also if the body is a single expression.
  private func loopWaitsForItsDeferred() {
    var most = 0
    var loop: LoopingCall!
    loop = LoopingCall(clock: reactor) { self.countedFetch { most = max(most, $0) } }
    loop.start(every: .zero).addCallback { check("loopWaitsForItsDeferred", most == 1) }.addErrback { print($0) }
    reactor.callLater(.milliseconds(50)) { loop.stop() }
  }
  /// The same where the Deferred is the last of several statements, without `return`.
  private func loopWaitsForItsLastStatement() {
    var (now, most) = (0, 0)
    var loop: LoopingCall!
    loop = LoopingCall(clock: reactor) {
      let name = "round \(loop.count)"
      if loop.count > 1 { self.step("again") }
      now += 1
      most = max(most, now)
      fetch(self.url).addBoth { _ in
        self.step(name)
        now -= 1
      }
    }
    loop.start(every: .zero).addCallback { check("loopWaitsForItsLastStatement", most == 1) }.addErrback { print($0) }
    reactor.callLater(.milliseconds(50)) { loop.stop() }
  }
  private func countedFetch(_ tell: (Int) -> Void) -> Deferred<HTTPClient.Response> {
    underWay += 1
    tell(underWay)
    let page: Deferred = fetch(url)
    return page.addBoth { result in
      self.underWay -= 1
      return try result.get()
    }
  }
  private func cooperates() {
    var sum = 0
    cooperate(1...4, clock: reactor) { number in
      self.step("cooperate")
      sum += number
    }.whenDone().addCallback {
      self.step("done")
      check("cooperates", sum == 10)
    }
  }
  private func cooperatesWithDeferreds() {
    var pages = 0
    Cooperator(clock: reactor).cooperate(1...2) { _ in
      self.step("fetch")
      return fetch(self.url).addCallback { _ in pages += 1 }
    }.whenDone().addCallback { check("cooperatesWithDeferreds", pages == 2) }
  }
  // scopes: 7600
  private func maybes() {
    maybeDeferred {
      self.step("one")
      self.step("two")
    }.addCallback { check("maybeOfStatements", true) }
    maybeDeferred { fetch(self.url) }.addCallback { page in check("maybeOfADeferred", page.status == 200) }
    maybeDeferred {
      self.step("one")
      return 3
    }.addCallback { check("maybeOfAValue", $0 == 3) }
    maybeDeferred { throw Trouble() }.addErrback { check("maybeThatThrows", $0 is Trouble) }
  }
  // scopes: 6500
  private func locks() {
    let lock = DeferredLock()
    lock.run {
      self.step("one")
      self.step("two")
    }.addCallback { check("lockOfStatements", !lock.isLocked) }
    lock.run { fetch(self.url) }.addCallback { page in check("lockOfADeferred", page.status == 200) }
    lock.run {
      self.step("one")
      return fetch(self.url)
    }.addCallback { page in
      self.step("two")
      check("lockOfStatementsAndADeferred", page.status == 200)
    }
    DeferredSemaphore(2).run { self.rounds + 1 }.addCallback { check("semaphoreOfAValue", $0 > 0) }
  }
  private func triggers() {
    reactor.addSystemEventTrigger(.before, .shutdown) {
      self.step("one")
      self.step("two")
    }
    reactor.addSystemEventTrigger(.during, .shutdown) {
      if self.rounds == 0 { print("nothing was done") }
    }
    let trigger = reactor.addSystemEventTrigger(.before, .shutdown) { fetch(self.url) }
    reactor.removeSystemEventTrigger(trigger)
  }
  private func streams() {
    var bytes = 0
    HTTPClient.shared.fetch(HTTPClient.Request(url)) { piece in
      self.step("piece")
      bytes += piece.count
    }.addCallback { page in
      self.step("end")
      check("streamOfStatements", page.status == 200 && bytes == 10)
    }.addErrback { print($0) }
    HTTPClient.shared.fetch(HTTPClient.Request(url)) { piece in
      self.step("piece")
      return fetch(self.url)
    }.addCallback { page in check("streamThatWaits", page.status == 200) }
  }
  private func queues() {
    let queue = DeferredQueue<Int>()
    queue.get().addCallback { number in
      self.step("got")
      queue.taskDone()
    }.addErrback { error in
      self.step("failed")
      print(error)
    }
    queue.put(1)
    queue.join().addCallback { check("queueOfStatements", true) }
  }
  private func later() {
    reactor.callLater(.milliseconds(1)) {
      self.step("one")
      fetch(self.url).addCallback { page in
        self.step("two")
        check("chainInACall", page.status == 200)
      }.addErrback { error in
        self.step("three")
        print(error)
      }
    }
    reactor.sleep(.milliseconds(1)).addCallback {
      self.step("one")
      self.step("two")
    }.addCallback { check("sleepThenStatements", true) }
    deferToThread { 6 * 7 }.addCallback { number in
      self.step("thread")
      check("threadThenStatements", number == 42)
    }.addErrback { print($0) }
  }
  private func threads(_ thread: ReactorThread) async throws {
    try await thread.run { reactor in
      reactor.callSoon {}
      reactor.callSoon {}
    }
    let status = try await thread.run { [url] _ in
      let page: Deferred = fetch(url)
      return page.addCallback(\.status)
    }
    check("threadOfADeferred", status == 200)
  }
}
