package import SwirlDeferred

/// Something that is open on a reactor, and knows its own place in the reactor's list.
package protocol ReactorHandle: AnyObject {
  /// Its index in the list; nil while it is not listed. Set by the list alone.
  var handleIndex: Int? { get set }
  /// What it is.
  var handleKind: OpenHandle.Kind { get }
  /// Its peer in words.
  var handlePeer: String? { get }
  /// What it began that waits for the reactor to run, for the line that is printed when that never ran; nil for nothing.
  var begunWork: (count: Int, name: String)? { get }

  /// What it began that has no result yet, and is lost if the program ends now; nil for nothing.
  var workUnderWay: (count: Int, name: String)? { get }

  /// The reactor is being released: frees what this holds of the kernel, and releases what refers to it.
  ///
  /// There is no loop left: no callback is called, and the reactor must not be touched.
  func abandon()
}

extension ReactorHandle {
  package var begunWork: (count: Int, name: String)? { nil }
  package var workUnderWay: (count: Int, name: String)? { nil }
  /// Nothing: what it holds is freed when the list releases it.
  package func abandon() {}
}

/// Everything that is open on a reactor, in one list.
///
/// It is touched when a connection, a listener or a process begins and ends, never for a request. Insertion and removal take constant
/// time and no hash: the last entry moves into the place that becomes free, and a number keeps the order of making.
package final class HandleList {
  package struct Entry {
    /// Unowned and unchecked is right: the handle removes itself before it is freed, and a kept one is retained by the list.
    package unowned(unsafe) let handle: any ReactorHandle
    fileprivate let isKept: Bool
    package let site: CallSite
    /// When it was inserted, in nanoseconds on the reactor's clock.
    package let birth: Int64
    fileprivate let number: UInt64
  }

  // Exempt from run-time checks for overlapping access: while it is changed nothing is called that could come back.
  @exclusivity(unchecked) private var entries: [Entry] = []
  private var lastNumber: UInt64 = 0

  /// How many there are.
  package var count: Int { entries.count }

  /// The entries by kind, and by the order of insertion within a kind.
  package var inOrder: [Entry] {
    entries.sorted { ($0.handle.handleKind, $0.number) < ($1.handle.handleKind, $1.number) }
  }

  /// The handles of one class, in the order of insertion.
  package func all<Handle: AnyObject>(_ type: Handle.Type) -> [Handle] {
    entries.sorted { $0.number < $1.number }.compactMap { $0.handle as? Handle }
  }

  /// Whether any handle satisfies `predicate`.
  package func contains(where predicate: (any ReactorHandle) -> Bool) -> Bool {
    entries.contains { predicate($0.handle) }
  }

  package func insert(_ handle: any ReactorHandle, isKept: Bool, at site: CallSite, birth: Int64) {
    if handle.handleIndex != nil { return }
    handle.handleIndex = entries.count
    lastNumber += 1
    if isKept { retain(handle) }
    entries.append(Entry(handle: handle, isKept: isKept, site: site, birth: birth, number: lastNumber))
  }

  /// Removes `handle`; if it is not listed, nothing happens.
  package func remove(_ handle: any ReactorHandle) {
    guard let index = handle.handleIndex else { return }
    handle.handleIndex = nil
    let removed = entries[index]
    let last = entries.removeLast()
    if index < entries.count {
      entries[index] = last
      last.handle.handleIndex = index
    }
    // Last, since this may free the handle, whose `deinit` may come back here.
    if removed.isKept { release(handle) }
  }

  /// Abandons every handle: kind by kind, in the order of ``OpenHandle/Kind``, and in the order of making within a kind.
  func abandonAll() {
    // What one of them releases may remove others, and may even make some.
    while !entries.isEmpty {
      let handles = inOrder.map { $0.handle as any ReactorHandle }
      for handle in handles where handle.handleIndex != nil {
        remove(handle)
        handle.abandon()
      }
    }
  }

  // Unmanaged is right: `insert` and `remove` are the one pair, and `isKept` of the entry says whether it holds.
  private func retain(_ handle: any ReactorHandle) { _ = Unmanaged.passUnretained(handle as AnyObject).retain() }
  private func release(_ handle: any ReactorHandle) { Unmanaged.passUnretained(handle as AnyObject).release() }

  deinit { for entry in entries where entry.isKept { release(entry.handle) } }
}
