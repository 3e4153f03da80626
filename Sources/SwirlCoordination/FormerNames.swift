// The names without `Deferred`, as the compiler explains them: a program has an `Event` of its own.

@available(*, unavailable, renamed: "DeferredEvent") public typealias Event = DeferredEvent
@available(*, unavailable, renamed: "DeferredCondition") public typealias Condition = DeferredCondition
@available(*, unavailable, renamed: "DeferredBarrier") public typealias Barrier = DeferredBarrier
