import Synchronization

/// Where Deferreds were first fired, and what they failed with, in debug mode.
///
/// Beside them, so that a Deferred has no room for it. An entry stays when its object is freed, and is read only by objects that have
/// written theirs: the next at the same address replaces it, so there are never more than there were objects at a time.
enum FiringSites {
  private static let sites = Mutex<[ObjectIdentifier: CallSite]>([:])

  static subscript(of object: AnyObject) -> CallSite? {
    get { sites.withLock { $0[ObjectIdentifier(object)] } }
    set { sites.withLock { $0[ObjectIdentifier(object)] = newValue } }
  }
}
