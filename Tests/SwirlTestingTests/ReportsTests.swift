import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the handler of a test's own process was told.
private let handed = Atomic<Int>(0)

private struct Wrong: Error {
  var number = 0
}

@Suite struct ReportsTests {
  @Test func `what is let go of unhandled inside is collected`() {
    let seen = reports { _ = Deferred<Int>.fail(Wrong(number: 7)) }
    #expect(seen.map(\.code) == [.unhandledFailure])
    #expect((seen.first?.error as? Wrong)?.number == 7)
  }

  @Test func `a second firing is collected`() {
    let seen = reports {
      let deferred = Deferred<Int>()
      deferred.callback(1)
      deferred.callback(2)
    }
    #expect(seen.map(\.code) == [.firedTwice])
  }

  @Test func `ten thousand that are nobody's go on to the handler before, on a thread with little stack`() async {
    // In a process of its own: the hook is one for the process.
    await #expect(processExitsWith: .success) {
      DeferredReport.setHandler { _ in handed.add(1, ordering: .relaxed) }
      #expect(reports { _ = Deferred<Int>.fail(Wrong()) }.count == 1)
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      pthread_attr_setstacksize(&attributes, 256 * 1024)
      #if canImport(Darwin)
      var thread: pthread_t?
      #else
      var thread = pthread_t()
      #endif
      pthread_create(
        &thread, &attributes,
        { _ in
          for _ in 0..<10_000 { _ = Deferred<Int>.fail(Wrong()) }
          return nil
        }, nil)
      #if canImport(Darwin)
      pthread_join(thread!, nil)
      #else
      pthread_join(thread, nil)
      #endif
      #expect(handed.load(ordering: .relaxed) == 10_000)
    }
  }

  @Test func `the inner of two collects`() {
    var inner: [DeferredReport] = []
    let outer = reports {
      inner = reports { _ = Deferred<Int>.fail(Wrong()) }
    }
    #expect(inner.count == 1 && outer.isEmpty)
  }

  @Test func `what a reactor that runs inside lets go of is collected`() {
    let seen = reports {
      let reactor = Reactor()
      reactor.callSoon {
        _ = Deferred<Int>.fail(Wrong())
        reactor.stop()
      }
      reactor.run()
    }
    #expect(seen.count == 1)
  }

  @Test func `what tasks inside let go of is collected, across suspensions`() async {
    let seen = await reports {
      await Task.yield()
      await withTaskGroup { group in
        for number in 0..<10 {
          group.addTask {
            await Task.yield()
            _ = Deferred<Int>.fail(Wrong(number: number))
          }
        }
      }
    }
    #expect(Set(seen.compactMap { ($0.error as? Wrong)?.number }) == Set(0..<10))
  }

  @Test func `an error passes through`() {
    #expect(throws: Wrong.self) { _ = try reports { throw Wrong() } }
  }

  /// Many at once, on as many threads as there are: each must get its own and nothing else.
  @Test(arguments: 0..<64) func `reports go to the test that made them`(number: Int) async {
    let seen = await reports {
      for _ in 0..<100 {
        _ = Deferred<Int>.fail(Wrong(number: number))
        await Task.yield()
      }
    }
    #expect(seen.compactMap { ($0.error as? Wrong)?.number } == Array(repeating: number, count: 100))
  }
}

@Suite(.failsOnUnhandledFailures) struct FailsOnUnhandledFailuresTests {
  @Test func `an unhandled failure is an issue of the test`() {
    withKnownIssue {
      _ = Deferred<Int>.fail(Wrong(number: 3))
    } matching: {
      "\($0)".contains("unhandled failure in a Deferred: Wrong(number: 3)")
    }
  }

  @Test func `a second firing is an issue of the test`() {
    withKnownIssue {
      let deferred = Deferred<Int>.succeed(1)
      deferred.callback(2)
    }
  }

  @Test func `a failure that was handled is none`() {
    Deferred<Int>.fail(Wrong()).addErrback { _ in 0 }
  }

  @Test func `what is collected inside is none`() {
    #expect(reports { _ = Deferred<Int>.fail(Wrong()) }.count == 1)
  }

  @Test(arguments: 0..<8) func `each of many at once gets its own`(number: Int) async {
    await withKnownIssue {
      for _ in 0..<3 {
        _ = Deferred<Int>.fail(Wrong(number: number))
        await Task.yield()
      }
    } matching: {
      "\($0)".contains("Wrong(number: \(number))")
    }
  }
}
