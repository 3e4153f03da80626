/// Lets the Deferred in the last statement of a closure be what the closure returns, where `return` was not written.
///
/// ```swift
/// LoopingCall(reactor) {
///   print("tick")
///   fetch(url).addCallback { print($0.status) }
/// }
/// ```
///
/// Without it Swift takes this closure for one that returns nothing, and its Deferred for one that is dropped: two calls would overlap. It
/// holds for what a result builder may hold: declarations, expressions, `if`, `switch` and `for`. A closure with `return`, `guard`, `while`,
/// `defer` or `do` is taken as it is: write `return` before the Deferred there.
@resultBuilder public enum DeferredBody {
  /// Takes each statement as it is.
  public static func buildExpression<Result>(_ statement: Result) -> Result { statement }
  /// A closure without a statement returns nothing.
  public static func buildBlock() {}
  /// The first statement is the last so far.
  public static func buildPartialBlock<Result>(first: Result) -> Result { first }
  /// The last statement is what is returned.
  public static func buildPartialBlock<Before, Result>(accumulated: Before, next: Result) -> Result { next }
  /// An `if` alone is no Deferred.
  public static func buildOptional<Result>(_ result: Result?) -> Result? { result }
  /// An `if` whose branches end with the same kind of Deferred is one.
  public static func buildEither<Result>(first: Result) -> Result { first }
  /// An `if` whose branches end with the same kind of Deferred is one.
  public static func buildEither<Result>(second: Result) -> Result { second }
  /// A loop is no Deferred.
  public static func buildArray<Result>(_ results: [Result]) {}
}

/// Gives a context to a closure that is nothing but `.succeed()`, which names no type.
@resultBuilder public enum VoidDeferredBody {
  /// Takes the one expression.
  public static func buildExpression(_ deferred: Deferred<Void>) -> Deferred<Void> { deferred }
  /// Takes the one expression.
  public static func buildBlock(_ deferred: Deferred<Void>) -> Deferred<Void> { deferred }
}
