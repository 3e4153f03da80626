import SwirlDeferred
import Testing

/// The outcome of a `DeferredList`, with `fireOnOneCallback` or without, in words that do not depend on its type.
private func words(_ outcome: DeferredListOutcome<Int>) -> String {
  switch outcome {
  case .first(let index, let value): "first \(index)=\(value)"
  case .all(let results): words(results)
  }
}

private func words(_ results: [Result<Int, any Error>]) -> String {
  let list = results.map { result in
    switch result {
    case .success(let value): "\(value)"
    case .failure(let error): "!\(error)"
    }
  }
  return "[" + list.joined(separator: ", ") + "]"
}

@Suite(.reported) struct DeferredListTests {
  let log = Log()

  /// A list of three with these flags, whose result is logged.
  private func list(
    _ members: [Deferred<Int>], callback: Bool, errback: Bool, consume: Bool
  ) -> AnyDeferred {
    let log = log
    guard callback else {
      let list = DeferredList(members, fireOnOneErrback: errback, consumeErrors: consume)
      list.addCallbacks({ log(words($0)) }, { log("!\($0)") })
      return list
    }
    let list = DeferredList(members, fireOnOneCallback: true, fireOnOneErrback: errback, consumeErrors: consume)
    list.addCallbacks({ log(words($0)) }, { log("!\($0)") })
    return list
  }

  /// Member 2 fails, member 0 succeeds, member 1 fails, in that order; all after the list was made or all before.
  @Test(arguments: [true, false], [true, false])
  func theFlagsDecideWhenItFires(callback: Bool, errback: Bool) {
    for consume in [true, false] {
      for firedFirst in [true, false] {
        var lost: [String] = []
        do {
          let members = (0..<3).map { _ in Deferred<Int>() }
          let fire = {
            members[2].errback(Boom("two"))
            members[0].callback(0)
            members[1].errback(Boom("one"))
          }
          if firedFirst { fire() }
          let list = list(members, callback: callback, errback: errback, consume: consume)
          if !firedFirst { fire() }
          _ = list
        }
        lost = Reports.takeWords().sorted()
        #expect(lost == (consume ? [] : ["one", "two"]))
        let expected =
          switch (callback, errback, firedFirst) {
          case (false, false, _): "[0, !one, !two]"
          case (true, _, true), (true, false, false): "first 0=0"
          case (true, true, false), (false, true, false): "!member 2 of the list failed: two"
          case (false, true, true): "!member 1 of the list failed: one"
          }
        #expect(log.take() == [expected])
      }
    }
  }

  @Test func withFireOnOneCallbackAndNoSuccessItGivesAll() {
    let members = (0..<2).map { _ in Deferred<Int>() }
    _ = list(members, callback: true, errback: false, consume: true)
    members[1].errback(Boom("b"))
    members[0].errback(Boom("a"))
    #expect(log.lines == ["[!a, !b]"])
    withExtendedLifetime(members) {}
  }

  @Test func anEmptyListFiresAtOnceWhateverItsFlags() {
    for callback in [true, false] {
      for errback in [true, false] { _ = list([], callback: callback, errback: errback, consume: false) }
    }
    #expect(log.lines == ["[]", "[]", "[]", "[]"])
  }

  @Test func fireOnOneCallbackMayBeSaidToBeFalse() {
    DeferredList([Deferred.succeed(1), Deferred.succeed(2)], fireOnOneCallback: false)
      .addCallback { [log] in log(words($0)) }
    #expect(log.lines == ["[1, 2]"])
  }

  @Test func membersStayUsableAndSeeTheirOwnResults() {
    let members = [Deferred<Int>(), Deferred<Int>()]
    _ = list(members, callback: false, errback: false, consume: true)
    members[0].addCallback { $0 + 1 }.noteEnd("a", in: log)
    members[1].noteEnd("b", in: log)
    members[0].callback(1)
    members[1].errback(Boom())
    #expect(log.lines == ["a=2", "[1, !boom]", "b!boom"])
    withExtendedLifetime(members) {}
  }

  @Test func aMemberWhoseFailureWasNotConsumedMayBeHandledLater() {
    let member = Deferred<Int>()
    _ = list([member], callback: false, errback: false, consume: false)
    member.errback(Boom())
    #expect(Reports.takeWords() == [])
    member.addErrback { _ in 0 }
    #expect(log.lines == ["[!boom]"])
  }

  @Test func cancellingAListThatHasFiredLeavesTheMembersAlone() {
    let members = (0..<3).map { index in Deferred<Int>(canceller: { [log] _ in log("stop \(index)") }) }
    let early = list(members, callback: true, errback: false, consume: false)
    members[0].callback(1)
    early.cancel()
    #expect(log.take() == ["first 0=1"])
    let failing = list(Array(members[1...]), callback: false, errback: true, consume: true)
    members[1].errback(Boom())
    failing.cancel()
    #expect(log.lines == ["!member 0 of the list failed: boom"])
    withExtendedLifetime(members) {}
  }

  @Test func cancellingFailsEveryMemberThatHasNotFired() {
    let bare = Deferred<Int>()
    let stubborn = Deferred<Int>(canceller: { $0.callback(7) })
    let list = list([bare, stubborn, Deferred.succeed(1)], callback: false, errback: false, consume: true)
    list.cancel()
    list.cancel()
    #expect(log.lines == ["[!CancellationError(), 7, 1]"])
    bare.callback(1)
  }

  @Test func aListWaitsForStagesThatWaitForInnerDeferreds() {
    let inner = Deferred<Int>()
    let member = Deferred.succeed(1).addCallback { _ in inner }
    _ = list([member, Deferred.succeed(2)], callback: false, errback: false, consume: false)
    #expect(log.lines == [])
    inner.callback(5)
    #expect(log.lines == ["[5, 2]"])
  }

  @Test func aListMayBeReturnedFromACallback() {
    let a = Deferred<Int>()
    let waiting = Deferred.succeed(0).addCallback { _ in gatherResults([a, a]) }
    waiting.noteEnd("waiting", in: log)
    a.callback(1)
    #expect(log.lines == ["waiting=[1, 1]"])
  }

  @Test func firstErrorTellsTheMemberAndItsError() {
    let d = Deferred<Int>()
    DeferredList([Deferred.succeed(1), d], fireOnOneErrback: true, consumeErrors: true).addErrback { error in
      let first = error as? FirstError
      #expect(first?.index == 1 && first?.error as? Boom == Boom("b"))
      return []
    }
    d.errback(Boom("b"))
  }
}
