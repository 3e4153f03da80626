/// Finds the patterns that match a path: a radix trie over bytes, in which a parameter is an edge that takes a segment.
///
/// The cost of a match grows with the path, not with the number of routes. At each place a literal is tried before a
/// parameter, and that before the rest of the path; if what follows does not match, the next one is tried.
package struct RouteTrie: Sendable {
  struct Node: Sendable {
    /// The bytes on the edge to this node: a range of `labels`.
    var label: UInt32 = 0
    var labelCount: UInt32 = 0
    /// The nodes behind it, sorted by the first byte of their labels: a range of `nodes`.
    var children: UInt32 = 0
    var childCount: UInt16 = 0
    /// The first byte of its label.
    var first: UInt8 = 0
    /// The node behind a parameter, the endpoint of the rest of the path, and that of a path that ends here; -1 without
    /// one.
    var parameter: Int32 = -1
    var rest: Int32 = -1
    var endpoint: Int32 = -1
  }

  private var builder = RouteTrieBuilder()
  private var nodes: [Node] = []
  private var labels: [UInt8] = []

  package init() {}

  /// Adds a pattern. Returns the number of its endpoint, which all patterns share that match the same paths: the names
  /// of parameters make no difference.
  package mutating func insert(_ pattern: RoutePattern) -> Int {
    nodes = []
    return builder.insert(pattern)
  }

  /// Prepares for matching; to call after the last `insert`.
  package mutating func compile() {
    if nodes.isEmpty { (nodes, labels) = builder.flatten() }
  }

  /// Whether `compile` has nothing to do.
  package var isCompiled: Bool { !nodes.isEmpty }

  /// The first endpoint, in the order of precedence, that `accepts`; nil if there is none.
  ///
  /// - Parameters:
  ///   - path: as received, percent-encoded.
  ///   - accepts: called with each endpoint that matches, until it returns true.
  package func match(_ path: Span<UInt8>, _ accepts: (Int) -> Bool) -> Int? {
    var work = 0
    return match(path, work: &work, accepts)
  }

  /// Adds to `work` the number of nodes looked at.
  package func match(_ path: Span<UInt8>, work: inout Int, _ accepts: (Int) -> Bool) -> Int? {
    precondition(isCompiled, "a trie is matched before it is compiled")
    for index in 0..<path.count where path[index] == .percent {
      let canonical = RoutePattern.canonical(path)
      return Self.find(canonical.span, 0, 0, nodes.span, labels.span, &work, accepts)
    }
    return Self.find(path, 0, 0, nodes.span, labels.span, &work, accepts)
  }

  /// - Parameters:
  ///   - position: how many bytes of the path led to the node.
  ///   - node: the index of the node.
  private static func find(
    _ path: Span<UInt8>, _ position: Int, _ node: Int, _ nodes: Span<Node>, _ labels: Span<UInt8>, _ work: inout Int,
    _ accepts: (Int) -> Bool
  ) -> Int? {
    var position = position
    var node = nodes[node]
    while true {
      work &+= 1
      if position == path.count {
        if node.endpoint >= 0, accepts(Int(node.endpoint)) { return Int(node.endpoint) }
        break
      }
      let child = child(of: node, path[position], nodes, &work)
      if child >= 0 {
        let next = nodes[child]
        if matches(next, path, position, labels) {
          let end = position &+ Int(next.labelCount)
          if node.parameter < 0, node.rest < 0 {
            (node, position) = (next, end)
            continue
          }
          if let found = find(path, end, child, nodes, labels, &work, accepts) { return found }
        }
      }
      guard node.parameter >= 0, path[position] != .slash else { break }
      var end = position &+ 1
      while end < path.count, path[end] != .slash { end &+= 1 }
      if node.rest < 0 {
        node = nodes[Int(node.parameter)]
        position = end
        continue
      }
      if let found = find(path, end, Int(node.parameter), nodes, labels, &work, accepts) { return found }
      break
    }
    if node.rest >= 0, accepts(Int(node.rest)) { return Int(node.rest) }
    return nil
  }

  @inline(__always)
  private static func matches(_ node: Node, _ path: Span<UInt8>, _ position: Int, _ labels: Span<UInt8>) -> Bool {
    let count = Int(node.labelCount)
    guard count <= path.count &- position else { return false }
    let label = Int(node.label)
    var index = 1
    while index < count {
      if labels[label &+ index] != path[position &+ index] { return false }
      index &+= 1
    }
    return true
  }

  /// The child whose label begins with `byte`; -1 without one.
  @inline(__always)
  private static func child(of node: Node, _ byte: UInt8, _ nodes: Span<Node>, _ work: inout Int) -> Int {
    var low = Int(node.children)
    var high = low &+ Int(node.childCount)
    while low < high {
      work &+= 1
      let middle = (low &+ high) / 2
      let first = nodes[middle].first
      if first == byte { return middle }
      if first < byte { low = middle &+ 1 } else { high = middle }
    }
    return -1
  }
}
