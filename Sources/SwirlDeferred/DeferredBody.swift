/// Makes the Deferred in the last statement of a closure its return value, without `return`.
///
/// ```swift
/// LoopingCall(clock: reactor) {
///   print("tick")
///   fetch(url).addCallback { print($0.status) }
/// }
/// ```
///
/// Without it Swift infers that this closure returns nothing and drops its Deferred: two calls would overlap. It
/// supports the statements of result builders: declarations, expressions, `if`, `switch` and `for`. It does not apply
/// to a closure with `return`, `guard`, `while`, `defer` or `do`: write `return` before the Deferred there.
@resultBuilder public enum DeferredBody {
  /// Takes each statement unchanged.
  public static func buildExpression<Result>(_ statement: Result) -> Result { statement }
  /// A closure without a statement returns nothing.
  public static func buildBlock() {}
  /// The first statement is the last so far.
  public static func buildPartialBlock<Result>(first: Result) -> Result { first }
  /// The last statement is the return value.
  public static func buildPartialBlock<Before, Result>(accumulated: Before, next: Result) -> Result { next }
  /// An `if` without `else` is not a Deferred.
  public static func buildOptional<Result>(_ result: Result?) -> Result? { result }
  /// An `if` whose branches end with the same kind of Deferred is one.
  public static func buildEither<Result>(first: Result) -> Result { first }
  /// An `if` whose branches end with the same kind of Deferred is one.
  public static func buildEither<Result>(second: Result) -> Result { second }
  /// A loop is not a Deferred.
  public static func buildArray<Result>(_ results: [Result]) {}
}

/// Provides the type context for a closure that consists of `.succeed()`.
@resultBuilder public enum VoidDeferredBody {
  /// Takes the single expression.
  public static func buildExpression(_ deferred: Deferred<Void>) -> Deferred<Void> { deferred }
  /// Takes the single expression.
  public static func buildBlock(_ deferred: Deferred<Void>) -> Deferred<Void> { deferred }
}
