import SwirlDeferred

/// Those who wait for something, each with what it has brought: first come, first served.
///
/// One that is cancelled leaves the line at once, wherever it stands, and its memory is free. Standing in line, being served and leaving
/// take the same time however long the line is.
final class WaitLine<Value, Item> {
  private typealias Place = (deferred: Deferred<Value>, item: Item)

  // The places are numbered through. One that was left has no entry, and is passed over once, by whoever is served after it.
  private var places: [Int: Place] = [:]
  private var next = 0
  private var end = 0

  var isEmpty: Bool { places.isEmpty }
  var count: Int { places.count }

  /// Joins the end of the line. The Deferred fires when whoever serves fires it.
  func wait(with item: Item, file: StaticString, line: UInt) -> Deferred<Value> {
    let place = end
    end += 1
    let deferred = Deferred<Value>(
      canceller: { [weak self] _ in
        // Let go of when the line has changed: the end of what it brought may use this line.
        let left = self?.places.removeValue(forKey: place)
        withExtendedLifetime(left) {}
      }, file: file, line: line)
    places[place] = (deferred, item)
    return deferred
  }

  /// Takes the first out of the line.
  func popFirst() -> (deferred: Deferred<Value>, item: Item)? {
    if places.isEmpty {
      next = end
      return nil
    }
    while true {
      let place = next
      next += 1
      if let first = places.removeValue(forKey: place) { return first }
    }
  }

  /// Takes all out of the line who are in it now, the first first.
  func popAll() -> [Deferred<Value>] {
    var all: [Deferred<Value>] = []
    while let first = popFirst() { all.append(first.deferred) }
    return all
  }
}

extension WaitLine where Item == Void {
  func wait(file: StaticString, line: UInt) -> Deferred<Value> { wait(with: (), file: file, line: line) }
}
