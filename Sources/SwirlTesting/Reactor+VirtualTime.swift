import SwirlDeferred
public import SwirlReactor
import Testing

extension Reactor {
  /// Runs this reactor, whose clock is virtual, for `duration` of its time, or until it is stopped.
  ///
  /// Everything that is due until then is called, at its own moment. Where nothing is left to do, time jumps.
  public func run(for duration: Duration) {
    require(virtualTime != nil, "a reactor runs for a while only if its clock is virtual: Reactor(clock: .virtual())")
    let end = callLater(duration) { [unowned self] in crash() }
    run()
    end.cancel()
  }

  /// Runs this reactor, whose clock is virtual, until nothing is left: no call, no timer, no task, no byte on its way.
  ///
  /// A test that is still busy after `limit` of virtual time fails, with the list of what is open.
  public func runUntilIdle(
    limit: Duration = .seconds(86_400), fileID: String = #fileID, filePath: String = #filePath, line: Int = #line,
    column: Int = #column
  ) {
    require(virtualTime != nil, "only a reactor whose clock is virtual is ever idle: Reactor(clock: .virtual())")
    virtualTime?.onIdle = { [unowned self] in crash() }
    // The limit is no timer, which would keep the reactor from being idle.
    let end = now + limit
    let hook = addLoopHook(.beforeWaiting) { [unowned self] in
      if now > end {
        let open = openHandles.map { "\n  \($0)" }.joined()
        Issue.record(
          "the reactor is still busy after \(limit) of its time; open:\(open)",
          // Not `#_sourceLocation`, which exists in tests only: programs run virtual time, too.
          sourceLocation: SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column))
        crash()
      }
    }
    run()
    removeLoopHook(hook)
    virtualTime?.onIdle = nil
  }
}
