/// The trie while patterns are added: nodes that have lists of their own.
package struct RouteTrieBuilder: Sendable {
  private struct Node: Sendable {
    var label: [UInt8]
    var children: [Int] = []
    var parameter: Int?
    var rest: Int?
    var endpoint: Int?
  }

  private var nodes = [Node(label: [])]
  private var endpointCount = 0

  package init() {}

  /// Adds a pattern. Returns the number of its endpoint, counted from zero. All patterns that match the same paths
  /// share one: the names of parameters make no difference.
  package mutating func insert(_ pattern: RoutePattern) -> Int {
    var node = 0
    var literal: [UInt8] = []
    for segment in pattern.segments {
      literal.append(.slash)
      switch segment {
      case .literal(let bytes): literal += bytes
      case .parameter:
        node = child(of: descend(from: node, by: literal), behindParameter: ())
        literal = []
      case .rest:
        node = descend(from: node, by: literal)
        let endpoint = nodes[node].rest ?? newEndpoint()
        nodes[node].rest = endpoint
        return endpoint
      }
    }
    node = descend(from: node, by: literal)
    let endpoint = nodes[node].endpoint ?? newEndpoint()
    nodes[node].endpoint = endpoint
    return endpoint
  }

  private mutating func newEndpoint() -> Int {
    defer { endpointCount += 1 }
    return endpointCount
  }

  private mutating func child(of node: Int, behindParameter: Void) -> Int {
    if let child = nodes[node].parameter { return child }
    let child = append(Node(label: []))
    nodes[node].parameter = child
    return child
  }

  private mutating func append(_ node: Node) -> Int {
    nodes.append(node)
    return nodes.count - 1
  }

  /// The node at the end of `bytes`, which divides the edges in which they end or part.
  private mutating func descend(from start: Int, by bytes: [UInt8]) -> Int {
    var node = start
    var rest = bytes[...]
    while let byte = rest.first {
      guard let place = nodes[node].children.firstIndex(where: { nodes[$0].label.first == byte }) else {
        let leaf = append(Node(label: Array(rest)))
        nodes[node].children.append(leaf)
        return leaf
      }
      let child = nodes[node].children[place]
      let label = nodes[child].label
      let common = zip(label, rest).prefix { $0 == $1 }.count
      rest = rest.dropFirst(common)
      guard common < label.count else {
        node = child
        continue
      }
      let middle = append(Node(label: Array(label[..<common]), children: [child]))
      nodes[child].label = Array(label[common...])
      nodes[node].children[place] = middle
      node = middle
    }
    return node
  }

  /// All nodes in one array, the children of each side by side.
  package func makeTrie() -> RouteTrie {
    var labels: [UInt8] = []
    var flat: [RouteTrie.Node] = []
    /// The node here of each flat one.
    var sources: [Int] = []
    func add(_ index: Int) -> Int {
      let label = nodes[index].label
      var node = RouteTrie.Node()
      node.label = UInt32(labels.count)
      node.labelCount = UInt32(label.count)
      node.first = label.first ?? 0
      node.hasAlternatives = nodes[index].parameter != nil || nodes[index].rest != nil
      node.endpoint = nodes[index].endpoint.map { Int32($0) } ?? -1
      node.rest = nodes[index].rest.map { Int32($0) } ?? -1
      labels += label
      flat.append(node)
      sources.append(index)
      return flat.count - 1
    }
    _ = add(0)
    var next = 0
    while next < flat.count {
      let source = nodes[sources[next]]
      flat[next].children = UInt32(flat.count)
      flat[next].childCount = UInt16(source.children.count)
      for child in source.children.sorted(by: { nodes[$0].label[0] < nodes[$1].label[0] }) { _ = add(child) }
      if let parameter = source.parameter { flat[next].parameter = Int32(add(parameter)) }
      next += 1
    }
    return RouteTrie(flat, labels)
  }
}
