import SwirlNet
import Synchronization

/// The listening sockets that this process was started with. They are taken over at the first use, because that can be
/// done once.
enum InheritedSockets {
  private static let sockets = Mutex<[ListeningSocket]?>(nil)

  private static func all() throws -> [ListeningSocket] {
    try sockets.withLock { sockets in
      if let sockets { return sockets }
      let taken = try ListeningSocket.inherited()
      sockets = taken
      return taken
    }
  }

  /// By its name, or its number.
  static func socket(_ name: String) throws -> ListeningSocket? {
    let all = try all()
    if let named = all.first(where: { $0.name == name }) { return named }
    return Int(name).flatMap { all.indices.contains($0) ? all[$0] : nil }
  }

  static var names: [String] {
    get throws { try all().enumerated().map { $1.name ?? "\($0)" } }
  }
}
