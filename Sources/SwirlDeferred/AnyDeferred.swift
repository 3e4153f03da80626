/// What every `Deferred` is, whatever its value: a node that waits for one result and hands it on.
///
/// The whole chain is made of these nodes and of nothing else. A node is at the same time the result that callers add
/// callbacks to, the continuation that its upstream calls, and the link in its upstream's list. Ownership points
/// downstream only: a producer holds its source, a source holds the stages that wait for it. The pointer back, which
/// `cancel()` follows, does not own.
///
/// Not `Sendable`: a Deferred belongs to the thread of its reactor, and the compiler keeps it there.
public class AnyDeferred: CancellableCall {
  @usableFromInline enum State: UInt8 {
    /// No result yet. A source waits for its producer, a stage for the node that `waitingFor` names.
    case pending
    /// Its own callback is running: it is nobody's to cancel, and what is added to it waits for the outcome.
    case running
    /// It has its result; a callback that is added runs at once.
    case fired
    /// It has its result, and a `drain` further up the stack is running its callbacks: what is added goes to the end.
    case draining
  }

  /// What is true of a node.
  @usableFromInline struct Flags: OptionSet {
    @usableFromInline var rawValue: UInt8
    @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Only `callback` and `errback` may give it a result.
    @inlinable static var source: Flags { Flags(rawValue: 1) }
    /// It does nothing but take over the result of an inner Deferred.
    @inlinable static var forwarding: Flags { Flags(rawValue: 2) }
    /// It was cancelled without a canceller: the producer does not know, and its one late result is dropped.
    @inlinable static var swallowsLateResult: Flags { Flags(rawValue: 4) }
    /// Where it was first fired is among the ``FiringSites``.
    @inlinable static var hasFiringSite: Flags { Flags(rawValue: 8) }
    /// A source whose canceller can be asked what it would cancel: see ``NamedWork``.
    @inlinable static var namesWork: Flags { Flags(rawValue: 16) }
  }

  @inlinable final var isSource: Bool { flags.rawValue & 1 != 0 }

  /// What a node does when its turn comes, given its upstream and itself. A stage computes its result and returns the node
  /// that now has one: itself, the target it was chained to, or nil when it has to wait for an inner Deferred. Stages use
  /// functions that capture nothing, so that a stage is one allocation.
  ///
  /// A source keeps its canceller here, which returns nil, or the source when that will fire of its own accord.
  @usableFromInline typealias Action = (_ upstream: AnyDeferred, _ node: AnyDeferred) -> AnyDeferred?

  // The fields are exempt from the run-time check for overlapping accesses, which took a third of a chain's time: each is
  // read or written whole, none is held `inout` while a callback runs, and the node never leaves its thread.
  //
  // The first four share one word: with the line in it, and the file in one of its own, the place where a node was made takes no byte more.
  @safe @exclusivity(unchecked) @usableFromInline final var state = State.pending
  @safe @exclusivity(unchecked) @usableFromInline final var flags: Flags
  @safe @exclusivity(unchecked) @usableFromInline final var pauses: UInt16 = 0
  @safe @exclusivity(unchecked) @usableFromInline final var line: UInt32
  @safe @exclusivity(unchecked) @usableFromInline final var action: Action?
  /// The nodes that wait for this one, in the order added, linked through `next`.
  @safe @exclusivity(unchecked) @usableFromInline final var firstListener: AnyDeferred?
  /// The end of that list. Unowned and unchecked: it is only read while `firstListener`, which owns it, is not nil.
  @exclusivity(unchecked) @usableFromInline unowned(unsafe) final var lastListener: AnyDeferred?
  @safe @exclusivity(unchecked) @usableFromInline final var next: AnyDeferred?
  /// The node whose result this one waits for. Unowned and unchecked: that node clears it when it hands over its result,
  /// and in its `deinit`, so it never outlives what it points to.
  @exclusivity(unchecked) @usableFromInline unowned(unsafe) final var waitingFor: AnyDeferred?
  @safe @exclusivity(unchecked) @usableFromInline final let file: UInt

  @inlinable init(isSource: Bool, origin: DeferredOrigin) {
    flags = isSource ? .source : Flags(rawValue: 0)
    file = origin.file
    line = origin.line
  }

  deinit {
    if firstListener != nil { abandonListeners() }
    // Only what never fired has one still: a source its canceller.
    if action != nil { releaseAction() }
  }

  /// Where it was made.
  @inlinable final var origin: DeferredOrigin { DeferredOrigin(file: file, line: line) }

  /// Whether it has its result. One whose callback returned a Deferred that has not fired is still waiting.
  public final var isFired: Bool { state == .fired || state == .draining }

  // MARK: - Pausing

  /// Holds back the callbacks of this stage, even if it has its result, until `unpause()` was called as often.
  /// Twisted: `Deferred.pause`.
  public final func pause() {
    require(pauses < .max, "\(pauses) calls of pause() without an unpause()")
    pauses += 1
  }

  /// Takes back one `pause()`; after the last, callbacks whose result is there run at once.
  /// Twisted: `Deferred.unpause`. One call too many is a programming error.
  public final func unpause() {
    require(pauses > 0, "unpause() without a pause() before it")
    pauses -= 1
    if state == .fired { drain() }
  }

  // MARK: - Cancelling

  /// Asks what this stage is waiting for to stop, and makes it fail with ``CancelledError``.
  ///
  /// The request goes to the inner Deferred when the callback returned one, else up the chain to the source. There the
  /// canceller runs, and may fire with what it likes; if it fires nothing, or there is none, the source fails with
  /// `CancelledError`. Without a canceller exactly one late result of the producer is dropped in silence.
  /// On a stage that has its result, and on one whose callback is running, nothing happens. Twisted: `Deferred.cancel`.
  public final func cancel() {
    // Its canceller may cancel others, and so on: a list in a list.
    if CallStack.isLow { return CallStack.putOff { self.cancel() } }
    var node = self
    while let upstream = unsafe node.waitingFor { node = upstream }
    if node.state == .pending { node.cancelSource() }
    CallStack.resume()
  }

  private func cancelSource() {
    if isSource, action != nil {
      if runCanceller() { return }
    } else {
      if isSource { flags.insert(.swallowsLateResult) }
    }
    if state == .pending { failCancelled() }
  }

  /// Runs the canceller; returns whether the source will fire of its own accord. Until then it may be cancelled again.
  private func runCanceller() -> Bool {
    guard let canceller = action else { return false }
    // Cancelling what is being cancelled does nothing.
    action = { _, node in node }
    if canceller(self, self) == nil { return false }
    if state == .pending { action = canceller }
    return true
  }

  /// Fails with ``CancelledError``. Only the subclass knows where its result is kept.
  @usableFromInline func failCancelled() { preconditionFailure("AnyDeferred is never made alone") }

  // MARK: - Letting go

  /// Releases callbacks that can no longer run, and with them the cycles that they may close.
  @usableFromInline func releaseCallbacks() { action = nil }

  /// Gives up the Deferred that this node fires, if it is a listener that fires one.
  @usableFromInline func takeTarget() -> AnyDeferred? { nil }

  // MARK: - Firing

  /// Whether a producer may give the result now. If not, it is the late result of a cancellation, dropped in silence, or
  /// a second firing, which is reported and ignored.
  @inlinable final func claim(file: StaticString, line: UInt) -> Bool {
    if isSource, state == .pending {
      if deferredDebugging { noteFiring(CallSite(file: file, line: line)) }
      return true
    }
    refuse(CallSite(file: file, line: line))
    return false
  }

  @usableFromInline final func refuse(_ site: CallSite) {
    if flags.contains(.swallowsLateResult) {
      flags.remove(.swallowsLateResult)
    } else {
      DeferredReport(.firedTwice, site: site, createdAt: origin, firedAt: firedAt).send()
    }
  }

  /// Where it was first fired, in debug mode.
  private final var firedAt: CallSite? { flags.contains(.hasFiringSite) ? FiringSites[of: self] : nil }

  @usableFromInline final func noteFiring(_ site: CallSite) {
    FiringSites[of: self] = site
    flags.insert(.hasFiringSite)
  }

  /// The failure with which this node fires.
  @usableFromInline final func makeFailure(_ error: any Error) -> Failure {
    let failure = Failure(error, origin: origin)
    if let firedAt {
      FiringSites[of: failure] = firedAt
      failure.hasFiringSite = true
    }
    return failure
  }
}
