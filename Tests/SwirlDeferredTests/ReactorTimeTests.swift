import SwirlDeferred
import Testing

@Suite(.reported) struct ReactorTimeTests {
  let log = Log()
  let clock = HandClock()

  @Test func aResultInTimeTakesTheCallBack() {
    for result in [.success(1), .failure(Boom())] as [Result<Int, any Error>] {
      let d = Deferred<Int>()
      d.addTimeout(.seconds(5), clock: clock).noteEnd("d", in: log)
      #expect(clock.waiting == 1)
      d.fire(with: result)
      #expect(clock.waiting == 0)
    }
    clock.advance(by: .seconds(10))
    #expect(log.lines == ["d=1", "d!boom"])
  }

  @Test func oneThatHasItsResultIsNotTimed() {
    Deferred.succeed(1).addTimeout(.seconds(1), clock: clock).noteEnd("d", in: log)
    #expect(clock.waiting == 0 && log.lines == ["d=1"])
  }

  @Test func aCancellationByHandStaysACancellation() {
    let d = Deferred<Int>()
    let timed = d.addTimeout(.seconds(1), clock: clock) { _, _ in
      Issue.record("the timeout did not end it")
      return 0
    }
    timed.noteEnd("d", in: log)
    timed.cancel()
    #expect(log.lines == ["d!CancellationError()"] && clock.waiting == 0)
  }

  @Test func whatTheCancellerGivesInsteadIsPassedOn() {
    let success = Deferred<Int>(canceller: { $0.callback(3) })
    success.addTimeout(.seconds(1), clock: clock).noteEnd("success", in: log)
    let failure = Deferred<Int>(canceller: { $0.errback(Boom()) })
    failure.addTimeout(.seconds(1), clock: clock).noteEnd("failure", in: log)
    clock.advance(by: .seconds(1))
    #expect(log.lines == ["success=3", "failure!boom"])
  }

  @Test func onTimeoutMakesTheResultOfWhatCameOfTheCancellation() {
    let log = log
    for canceller in [{ _ in }, { $0.callback(3) }] as [(Deferred<Int>) -> Void] {
      Deferred(canceller: canceller)
        .addTimeout(.seconds(1), clock: clock) { result, duration in
          switch result {
          case .success(let value): log("\(value) after \(duration)")
          case .failure(let error): log("\(error) after \(duration)")
          }
          throw Boom("own")
        }
        .noteEnd("d", in: log)
    }
    clock.advance(by: .seconds(1))
    #expect(log.lines == ["CancellationError() after 1.0 seconds", "d!own", "3 after 1.0 seconds", "d!own"])
  }

  @Test func onlyWhatComesBeforeIsTimed() {
    let d = Deferred<Int>()
    let slow = Deferred<Int>()
    d.addTimeout(.seconds(1), clock: clock).addCallback { _ in slow }.noteEnd("d", in: log)
    d.callback(1)
    clock.advance(by: .seconds(5))
    #expect(log.lines == [])
    slow.callback(2)
    #expect(log.lines == ["d=2"])
  }

  @Test func anInnerDeferredThatTheTimedStageWaitsForIsCancelled() {
    let inner = Deferred<Int>(canceller: { [log] _ in log("inner stopped") })
    Deferred.succeed(1).addCallback { _ in inner }.addTimeout(.seconds(1), clock: clock).noteEnd("d", in: log)
    clock.advance(by: .seconds(1))
    #expect(log.lines == ["inner stopped", "d!the operation did not end within 1.0 seconds"])
  }

  @Test func severalTimeoutsWorkIndependently() {
    let d = Deferred<Int>()
    let both = d.addTimeout(.seconds(1), clock: clock).addTimeout(.seconds(2), clock: clock)
    both.noteEnd("d", in: log)
    clock.advance(by: .seconds(1))
    #expect(log.lines == ["d!the operation did not end within 1.0 seconds"] && clock.waiting == 0)
  }

  @Test func aTimedDeferredLeavesNothingBehind() {
    let census = Census()
    weak var timed: AnyDeferred?
    for fires in [true, false] {
      do {
        let citizen = census.newCitizen()
        let d = Deferred<Int>()
        timed = d.addTimeout(.seconds(1), clock: clock)
        d.addBoth { _ in citizen.touch() }
        if fires { d.callback(1) } else { clock.advance(by: .seconds(1)) }
        d.addErrback { _ in 0 }
        (timed as? Deferred<Int>)?.addErrback { _ in 0 }
      }
      #expect(timed == nil && census.alive == 0)
    }
    _ = Reports.take()
  }
}
