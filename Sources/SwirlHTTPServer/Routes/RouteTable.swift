import HTTPTypes
import SwirlHTTPCore

/// The routes of a router and its groups.
final class RouteTable {
  /// The routes of all methods whose patterns match the same paths.
  final class Endpoint {
    private(set) var routes: [Route] = []
    private var get: Route?
    private var any: Route?
    fileprivate var forGet: Route? { self.get ?? any }

    /// The route for requests of this method. A GET route answers HEAD, too (RFC 9110 §9.3.2).
    func route(for method: HTTPRequest.Method) -> Route? {
      route(of: method) ?? (method == .head ? get : nil) ?? any
    }

    private func route(of method: HTTPRequest.Method) -> Route? { routes.first { $0.method == method } }

    fileprivate func add(_ route: Route) throws {
      if let other = routes.first(where: { $0.method == route.method }) {
        throw RouteConflict(description: "\(route) matches the same requests as \(other)")
      }
      routes.append(route)
      if route.method == nil { any = route }
      if route.method == .get { get = route }
    }
  }

  // Unchecked, because each request reads them: no access here calls code of a program while it lasts.
  @exclusivity(unchecked) private(set) var endpoints: [Endpoint] = []
  /// Those of `endpoints` for GET.
  @exclusivity(unchecked) private var routesForGet: [Route?] = []
  private(set) var named: [String: Route] = [:]
  private var builder = RouteTrieBuilder()
  /// nil since a route was added.
  @exclusivity(unchecked) private var compiled: RouteTrie?
  /// Changes with each interceptor that is added.
  @exclusivity(unchecked) var version = 0

  private var trie: RouteTrie {
    if let compiled { return compiled }
    let trie = builder.makeTrie()
    compiled = trie
    return trie
  }

  func add(_ route: Route) throws {
    if let name = route.name, let other = named[name] {
      throw RouteConflict(description: "\(route) has the name \"\(name)\", which \(other) has, too")
    }
    compiled = nil
    let index = builder.insert(route.pattern)
    if index == endpoints.count {
      endpoints.append(Endpoint())
      routesForGet.append(nil)
    }
    try endpoints[index].add(route)
    routesForGet[index] = endpoints[index].forGet
    if let name = route.name { named[name] = route }
  }

  /// The route of a request. An endpoint without its method leaves it to the next one that matches.
  ///
  /// - Parameter target: the path, and the query behind it.
  func route(for target: Span<UInt8>, _ method: HTTPRequest.Method) -> Route? {
    var found: Route?
    _ = trie.match(target) { index in
      found = endpoints[index].route(for: method)
      return found != nil
    }
    return found
  }

  /// The route of a request. See above.
  func route(of head: RequestHead) -> Route? {
    if head.isGet {
      // Apart, because it looks at no endpoint and counts no references until one is found.
      return trie.match(head) { routesForGet[$0] != nil }.flatMap { routesForGet[$0] }
    }
    let bytes = head.bytes
    return route(for: bytes.span.extracting(head.pathAndQueryRange), head.method)
  }

  /// The endpoints that match a path, in the order of precedence.
  func endpoints(for path: Span<UInt8>) -> [Endpoint] { trie.matches(path).map { endpoints[$0] } }
}

extension Sequence<RouteTable.Endpoint> {
  /// The methods of their routes, for an Allow field, with those that a router answers by itself; empty without routes.
  var allowedMethods: [HTTPRequest.Method] {
    var methods: [HTTPRequest.Method] = []
    for route in flatMap(\.routes) {
      guard let method = route.method else { continue }
      if !methods.contains(method) { methods.append(method) }
      if method == .get, !methods.contains(.head) { methods.append(.head) }
    }
    if !methods.isEmpty, !methods.contains(.options) { methods.append(.options) }
    return methods
  }
}

/// Two routes for the same requests, or with the same name.
struct RouteConflict: Error, CustomStringConvertible {
  let description: String
}
