import Synchronization

/// The places where Deferreds and failures were first fired, in debug mode.
///
/// A side table, so that a Deferred needs no field for it. An entry stays when its object is freed. Only objects that
/// have written their own entry read it, and the next object at the same address replaces it, so the table never
/// exceeds the maximum number of live objects.
enum FiringSites {
  private static let sites = Mutex<[ObjectIdentifier: CallSite]>([:])

  static subscript(of object: AnyObject) -> CallSite? {
    get { sites.withLock { $0[ObjectIdentifier(object)] } }
    set { sites.withLock { $0[ObjectIdentifier(object)] = newValue } }
  }
}
