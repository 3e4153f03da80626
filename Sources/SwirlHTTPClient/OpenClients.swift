import SwirlReactor
import SwirlHTTPCore

/// The clients of a reactor. When that is let go of, requests under way hold their client, and the client them: nobody else
/// would undo it.
final class OpenClients: BegunWork {
  final class List {
    /// Unmanaged is right: a client takes itself off when it goes away.
    fileprivate var clients: [ObjectIdentifier: Unmanaged<HTTPClient>] = [:]

    func insert(_ client: HTTPClient) { clients[ObjectIdentifier(client)] = .passUnretained(client) }
    /// How many requests all of them have begun.
    fileprivate var requests: Int { clients.values.reduce(0) { $0 + $1.takeUnretainedValue().requests } }
    func remove(_ client: HTTPClient) { clients[ObjectIdentifier(client)] = nil }
  }

  let list = List()

  var begunWork: String? { list.requests.of("request") }

  static func of(_ reactor: Reactor) -> OpenClients { reactor.attached(OpenClients.self) { OpenClients() } }

  // What one lets go of may be the last that holds another, which then takes itself off.
  deinit {
    while let client = list.clients.popFirst()?.value.takeUnretainedValue() { client.abandon() }
  }
}
