// The names without `Deferred`, as the compiler explains them: a program has an `Event` of its own.

/// Renamed.
@available(*, unavailable, renamed: "DeferredEvent") public typealias Event = DeferredEvent
/// Renamed.
@available(*, unavailable, renamed: "DeferredCondition") public typealias Condition = DeferredCondition
/// Renamed.
@available(*, unavailable, renamed: "DeferredBarrier") public typealias Barrier = DeferredBarrier
