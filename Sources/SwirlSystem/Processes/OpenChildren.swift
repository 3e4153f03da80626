import SwirlReactor

/// What belongs to a reactor and has to be undone when that is let go of: there is no loop left to tell it in.
protocol Abandonable: AnyObject {
  /// Frees what it holds of the kernel, without telling anyone.
  func abandon()
}

/// The child processes of a reactor, and the pipes that are read: it keeps them until they have ended, since nobody else has to.
final class OpenChildren {
  private var children: [ObjectIdentifier: any Abandonable] = [:]

  /// The processes among them.
  var processes: [ChildProcess] { children.values.compactMap { $0 as? ChildProcess } }

  static func of(_ reactor: Reactor) -> OpenChildren { reactor.attached(OpenChildren.self) { OpenChildren() } }

  func insert(_ child: any Abandonable) { children[ObjectIdentifier(child)] = child }
  func remove(_ child: any Abandonable) { children[ObjectIdentifier(child)] = nil }

  deinit { for child in children.values { child.abandon() } }
}
