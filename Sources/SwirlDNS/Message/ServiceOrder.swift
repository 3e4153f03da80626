extension [SRVRecord] {
  /// The order in which a client tries the servers of a service: by priority, and at random by weight among those of
  /// one (RFC 2782, "Weight").
  func inTryOrder(using random: inout some RandomNumberGenerator) -> [SRVRecord] {
    var order: [SRVRecord] = []
    order.reserveCapacity(count)
    for priority in Set(map(\.priority)).sorted() {
      // Those of weight zero first, so that they are chosen, seldom.
      let group = filter { $0.priority == priority }.shuffled(using: &random)
      var rest = group.filter { $0.weight == 0 } + group.filter { $0.weight > 0 }
      while rest.count > 1 {
        let sum = rest.reduce(0) { $0 + Int($1.weight) }
        var target = Int.random(in: 0...sum, using: &random)
        let chosen = rest.firstIndex { server in
          target -= Int(server.weight)
          return target <= 0
        }
        order.append(rest.remove(at: chosen ?? 0))
      }
      order += rest
    }
    return order
  }
}
