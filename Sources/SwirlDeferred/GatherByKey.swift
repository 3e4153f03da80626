/// Gives the values of all `deferreds` by their keys, or the failure of the first that fails.
///
/// ```swift
/// gather(["title": fetch(title), "body": fetch(body)]).addCallback { pages in print(pages["title"]!.text) }
/// ```
///
/// The failure is the member's own error. The others continue, and their failures count as handled; cancelling the
/// gather cancels all. An empty dictionary gives an empty one at once. Tornado: `gen.multi` with a dictionary.
@inlinable public func gather<Key: Hashable, Value>(
  _ deferreds: [Key: Deferred<Value>], file: StaticString = #fileID, line: UInt = #line
) -> Deferred<[Key: Value]> {
  typealias All = Gather<[Value?], [Key: Value]>
  let keys = Array(deferreds.keys)
  let gather = All(Array(repeating: nil, count: keys.count), count: keys.count, file: file, line: line) { values in
    Dictionary(uniqueKeysWithValues: zip(keys, values.lazy.map { $0! }))
  }
  // The values of a dictionary are in the order of its keys.
  for (index, deferred) in deferreds.values.enumerated() {
    gather.watch(deferred, at: index) { upstream, node in
      let index = Member.cast(node).index
      return All.receive(Deferred<Value>.cast(upstream), node, { $1 }, { $0[index] = $1 })
    }
  }
  if keys.isEmpty { gather.fire(.success([:])) }
  return gather
}

/// Returns the values of all `deferreds` by their keys; throws the failure of the first that fails. Cancelling the task
/// cancels all. Tornado: `await gen.multi` with a dictionary.
public func gather<Key: Hashable, Value>(
  _ deferreds: [Key: Deferred<Value>], isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> [Key: Value] {
  let all: Deferred = gather(deferreds, file: file, line: line)
  return try await all.value
}
