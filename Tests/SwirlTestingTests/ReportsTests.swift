import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

private struct Wrong: Error {
  var number = 0
}

@Suite struct ReportsTests {
  @Test func `what is released unhandled inside is collected`() {
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

  @Test func `what tasks inside release is collected, across suspensions`() async {
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

  /// Many in parallel, on all threads: each must get only its own reports.
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

  @Test func `a handled failure is not reported`() {
    Deferred<Int>.fail(Wrong()).addErrback { _ in 0 }
  }

  @Test func `what is collected inside is not reported outside`() {
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

  @Test func `however many reports reach the previous handler, each costs as much as the first`() async {
    await #expect(processExitsWith: .success) {
      nonisolated(unsafe) var seen = 0
      DeferredReport.setHandler { _ in seen += 1 }
      // This installs the handler of the kit in front of the one above, which still gets reports outside of `reports`.
      _ = reports {}
      for number in 0..<100_000 { _ = Deferred<Int>.fail(Wrong(number: number)) }
      precondition(seen == 100_000)
    }
  }
}
