/// Measures `operations` calls of `body` on this thread and reports them; after a tenth as many calls to warm up.
@inlinable
public func measure(_ figure: String, _ operations: Int, scale: Double = 1, _ body: (Int) -> Void) {
  let count = max(1, Int(Double(operations) * scale))
  for index in 0..<max(1, count / 10) { body(index) }
  let start = Usage.now
  for index in 0..<count { body(index) }
  Report(figure, operations: count, from: start).send()
}

/// Keeps the optimizer from removing the computation of `value`.
@inline(never)
public func use<Value>(_ value: Value) {}
