/// The base of every `Deferred`, independent of its value type: a node that waits for one result and passes it on.
///
/// A chain consists of these nodes only. A node is at once the result to which callers add callbacks, the continuation
/// that its upstream calls, and the link in its upstream's list. Ownership points downstream only: a producer holds its
/// source, and a source its listeners. The back pointer, which `cancel()` follows, does not own.
///
/// Not `Sendable`: a Deferred belongs to the thread of its reactor, and the compiler keeps it there.
public class AnyDeferred: CancellableCall {
  @usableFromInline enum State: UInt8 {
    /// No result yet. A source waits for its producer, a stage for the node that `waitingFor` names.
    case pending
    /// Its own callback is running: `cancel()` does nothing, and added stages wait for the outcome.
    case running
    /// It has its result; an added callback runs at once.
    case fired
    /// It has its result, and a `drain` below us on the stack runs its callbacks: added stages go to the end.
    case draining
  }

  /// The flags of a node.
  @usableFromInline struct Flags: OptionSet {
    @usableFromInline var rawValue: UInt8
    @inlinable init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Only `callback` and `errback` may give it a result.
    @inlinable static var source: Flags { Flags(rawValue: 1) }
    /// It only forwards the result of an inner Deferred.
    @inlinable static var forwarding: Flags { Flags(rawValue: 2) }
    /// It was cancelled without a canceller: the producer does not know, and its single late result is dropped.
    @inlinable static var swallowsLateResult: Flags { Flags(rawValue: 4) }
    /// ``FiringSites`` has the place where it was first fired.
    @inlinable static var hasFiringSite: Flags { Flags(rawValue: 8) }
    /// A source whose canceller can name its work: see ``NamedWork``.
    @inlinable static var namesWork: Flags { Flags(rawValue: 16) }
    /// Its result is a success, whose value is stored.
    @inlinable static var value: Flags { Flags(rawValue: 32) }
  }

  @inlinable final var isSource: Bool { flags.rawValue & 1 != 0 }

  /// The action of a node, given its upstream and itself. A stage computes its result and returns the node that now has
  /// one: itself, the target it was chained to, or nil if it has to wait for an inner Deferred. Stages use functions
  /// without captures, so that a stage is one allocation.
  ///
  /// A source stores its canceller here, which returns nil, or the source if the source will fire by itself.
  @usableFromInline typealias Action = (_ upstream: AnyDeferred, _ node: AnyDeferred) -> AnyDeferred?

  // The fields are exempt from the run-time check for overlapping accesses, which took a third of a chain's time: each
  // is read or written as a whole, never held `inout` while a callback runs, and the node never leaves its thread.
  //
  // The first four share one word: with the line in that word and the file in a word of its own, the creation site of a
  // node takes no further byte.
  @safe @exclusivity(unchecked) @usableFromInline final var state = State.pending
  @safe @exclusivity(unchecked) @usableFromInline final var flags: Flags
  @safe @exclusivity(unchecked) @usableFromInline final var pauses: UInt16 = 0
  @safe @exclusivity(unchecked) @usableFromInline final var line: UInt32
  @safe @exclusivity(unchecked) @usableFromInline final var action: Action?
  /// The listeners of this node, in FIFO order, linked through `next`.
  @safe @exclusivity(unchecked) @usableFromInline final var firstListener: AnyDeferred?
  /// The end of that list. Unowned and unchecked: it is only read while `firstListener`, which owns it, is not nil.
  @exclusivity(unchecked) @usableFromInline unowned(unsafe) final var lastListener: AnyDeferred?
  @safe @exclusivity(unchecked) @usableFromInline final var next: AnyDeferred?
  /// The node whose result this one waits for. Unowned and unchecked: that node clears it when it delivers its result,
  /// and in its `deinit`, so it never dangles.
  @exclusivity(unchecked) @usableFromInline unowned(unsafe) final var waitingFor: AnyDeferred?
  @safe @exclusivity(unchecked) @usableFromInline final let file: UInt

  @inlinable init(isSource: Bool, origin: DeferredOrigin) {
    flags = isSource ? .source : Flags(rawValue: 0)
    file = origin.file
    line = origin.line
  }

  deinit {
    if firstListener != nil { abandonListeners() }
    // Only an unfired source still has an action, its canceller.
    if action != nil { releaseAction() }
  }

  /// Where it was made.
  @inlinable final var origin: DeferredOrigin { DeferredOrigin(file: file, line: line) }

  /// Whether it has its result. A stage that waits for an inner Deferred has not.
  public final var isFired: Bool { state == .fired || state == .draining }

  /// Whether a stage that is added now runs at once, with a success.
  package final var isSuccess: Bool { state == .fired && pauses == 0 && firstListener == nil && flags.contains(.value) }

  // MARK: - Pausing

  /// Holds back the callbacks of this stage, even if it has its result, until `unpause()` was called equally often.
  /// Twisted: `Deferred.pause`.
  public final func pause() {
    require(pauses < .max, "\(pauses) calls of pause() without an unpause()")
    pauses += 1
  }

  /// Undoes one `pause()`; after the last one, the callbacks run at once if the stage has its result. Twisted:
  /// `Deferred.unpause`. One call too many traps.
  public final func unpause() {
    require(pauses > 0, "unpause() without a pause() before it")
    pauses -= 1
    if state == .fired { drain() }
  }

  // MARK: - Cancelling

  /// Cancels the work that this stage waits for, and makes it fail with ``CancelledError``.
  ///
  /// The request goes to the inner Deferred if the callback returned one, otherwise up the chain to the source. There
  /// the canceller runs, and may fire the source with any result; if it does not, or the source has no canceller, the
  /// source fails with `CancelledError`. Without a canceller exactly one late result of the producer is dropped
  /// silently. It does nothing on a stage that has its result, and on one whose callback is running. Twisted:
  /// `Deferred.cancel`.
  public final func cancel() {
    // A canceller may cancel others, and so on, as with nested lists.
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

  /// Runs the canceller; returns whether the source will fire by itself. Until then it may be cancelled again.
  private func runCanceller() -> Bool {
    guard let canceller = action else { return false }
    // A second cancel during the first does nothing.
    action = { _, node in node }
    if canceller(self, self) == nil { return false }
    if state == .pending { action = canceller }
    return true
  }

  /// Fails with ``CancelledError``. Only the subclass knows where its result is stored.
  @usableFromInline func failCancelled() { preconditionFailure("AnyDeferred is never made alone") }

  // MARK: - Describing

  /// The type of its value. Only the subclass knows it.
  var valueName: String { "?" }

  /// Its result in words; nil without one.
  var resultWords: String? { nil }

  // MARK: - Releasing

  /// Releases callbacks that can no longer run, and so breaks reference cycles through them.
  @usableFromInline func releaseCallbacks() { action = nil }

  /// Returns and forgets the Deferred that this node fires, if it is a listener that fires one.
  @usableFromInline func takeTarget() -> AnyDeferred? { nil }

  // MARK: - Firing

  /// Whether a producer may fire it now. If not, this is the late result of a cancellation, which is dropped silently,
  /// or a second firing, which is reported and ignored.
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

  /// The place where it was first fired, in debug mode.
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
