package import SwirlDeferred

/// An open handle of a reactor, which knows its own place in the reactor's list.
package protocol ReactorHandle: AnyObject {
  /// Its index in the list; nil while it is not listed. Only the list sets it.
  var handleIndex: Int? { get set }
  /// Its kind.
  var handleKind: OpenHandle.Kind { get }
  /// Its peer, for display.
  var handlePeer: String? { get }
  /// Its work that waits for the reactor to run, for the message about a reactor that never ran; nil without work.
  var begunWork: (count: Int, name: String)? { get }

  /// Its work without a result, which is lost if the program ends now; nil without work.
  var workUnderWay: (count: Int, name: String)? { get }

  /// Called when the reactor is released: frees kernel resources, and releases closures and references.
  ///
  /// The loop has ended: it must not call callbacks or access the reactor.
  func abandon()
}

extension ReactorHandle {
  package var begunWork: (count: Int, name: String)? { nil }
  package var workUnderWay: (count: Int, name: String)? { nil }
  /// Does nothing: its resources are freed when the list releases it.
  package func abandon() {}
}

/// Everything that is open on a reactor, in one list.
///
/// It changes when a connection, a listener or a process starts and ends, never for a request. Insertion and removal
/// take constant time without hashing: the last entry moves into the free place, and a sequence number preserves the
/// order.
package final class HandleList {
  package struct Entry {
    /// Unowned and unchecked is safe: a handle removes itself before it is freed, and the list retains a kept one.
    package unowned(unsafe) let handle: any ReactorHandle
    fileprivate let isKept: Bool
    package let site: CallSite
    /// When it was inserted, in nanoseconds on the reactor's clock.
    package let birth: Int64
    fileprivate let number: UInt64
  }

  // Exempt from run-time checks for overlapping access: no re-entrant call is possible while it changes.
  @exclusivity(unchecked) private var entries: [Entry] = []
  private var lastNumber: UInt64 = 0

  /// The number of handles.
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
    // Last, because this may free the handle, whose `deinit` may call this again.
    if removed.isKept { release(handle) }
  }

  /// Abandons every handle: kind by kind, in the order of ``OpenHandle/Kind``, and in the order of insertion within a
  /// kind.
  func abandonAll() {
    // A release may remove other handles, and may even insert new ones.
    while !entries.isEmpty {
      let handles = inOrder.map { $0.handle as any ReactorHandle }
      for handle in handles where handle.handleIndex != nil {
        remove(handle)
        handle.abandon()
      }
    }
  }

  // Unmanaged is safe: `insert` retains and `remove` releases, if `isKept` of the entry says so.
  private func retain(_ handle: any ReactorHandle) { _ = Unmanaged.passUnretained(handle as AnyObject).retain() }
  private func release(_ handle: any ReactorHandle) { Unmanaged.passUnretained(handle as AnyObject).release() }

  deinit { for entry in entries where entry.isKept { release(entry.handle) } }
}
