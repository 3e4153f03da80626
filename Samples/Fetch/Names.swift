import Foundation
import Swirl

/// The addresses of names: those of --resolve, and of one family with -4 and -6.
struct Names {
  private var known: [String: [SocketAddress]] = [:]
  private let family: SocketAddress.Family?

  init(_ options: Options) throws {
    family = options.family
    // [+]HOST:PORT:ADDRESS[,ADDRESS]: the addresses are for all ports of the host.
    for text in options.resolve {
      let parts = text.drop { $0 == "+" }.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      let addresses = parts.last?.split(separator: ",").compactMap(Self.address) ?? []
      guard parts.count == 3, addresses.count == parts[2].split(separator: ",").count, !addresses.isEmpty else {
        throw ResolveError(text: text)
      }
      known[parts[0].lowercased()] = addresses
    }
  }

  private static func address(_ text: Substring) -> SocketAddress? {
    SocketAddress(ip: text.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port: 0)
  }

  @MainActor private static let system = reactor.resolver.lookup

  /// Instead of those of an earlier part.
  @MainActor func use() {
    let system = Self.system
    reactor.resolver.removeCachedAnswers()
    reactor.resolver.lookup = { [known, family] name in
      let found = (known[name] ?? known["*"]).map { .succeed($0) } ?? system(name)
      guard let family else { return found }
      return found.addCallback { addresses in
        let wanted = addresses.filter { $0.family == family }
        if wanted.isEmpty { throw NetError(.resolve, name, reason: "it has no address of \(family)") }
        return wanted
      }
    }
  }
}
