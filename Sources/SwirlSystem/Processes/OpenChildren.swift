import SwirlReactor

/// A resource of a reactor that has to be freed when the reactor is released: no loop is left to run callbacks.
protocol Abandonable: AnyObject {
  /// Frees its kernel resources, without calling any callback.
  func abandon()
}

/// The child processes of a reactor, and the pipes being read. It retains them until they end, so that the program need
/// not.
final class OpenChildren {
  private var children: [ObjectIdentifier: any Abandonable] = [:]

  /// The processes in this registry.
  var processes: [ChildProcess] { children.values.compactMap { $0 as? ChildProcess } }

  static func of(_ reactor: Reactor) -> OpenChildren { reactor.attached(OpenChildren.self) { OpenChildren() } }

  func insert(_ child: any Abandonable) { children[ObjectIdentifier(child)] = child }
  func remove(_ child: any Abandonable) { children[ObjectIdentifier(child)] = nil }

  deinit { for child in children.values { child.abandon() } }
}
