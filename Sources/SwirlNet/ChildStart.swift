package import SwirlReactor

/// The time in which a child that is being made has copies of all descriptors of this process: until its program runs,
/// which closes them.
///
/// A listening socket that this process closes meanwhile still takes connections, as if another process served it.
package enum ChildStart {
  /// Held for that time.
  package static let lock = Lock()
}
