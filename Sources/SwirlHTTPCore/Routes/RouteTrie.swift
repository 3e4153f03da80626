/// Finds the patterns that match a target: a radix trie over its bytes up to the query, in which a parameter is an edge
/// that takes a segment.
///
/// The cost of a match grows with the path, not with the number of routes. At each place a literal is tried before a
/// parameter, and that before the rest of the path; if what follows does not match, the next one is tried.
///
/// A class with constants, so that a match counts no references.
package final class RouteTrie: Sendable {
  struct Node: Sendable {
    /// The bytes on the edge to this node: a range of `labels`.
    var label: UInt32 = 0
    var labelCount: UInt32 = 0
    /// The nodes behind it, sorted by the first byte of their labels: a range of `nodes`.
    var children: UInt32 = 0
    var childCount: UInt16 = 0
    /// The first byte of its label.
    var first: UInt8 = 0
    /// Whether it has a parameter or a rest, to try if no child matches.
    var hasAlternatives = false
    /// The node behind a parameter, the endpoint of the rest of the path, and that of a path that ends here; -1 without
    /// one.
    var parameter: Int32 = -1
    var rest: Int32 = -1
    var endpoint: Int32 = -1
  }

  private let nodes: [Node]
  private let labels: [UInt8]

  init(_ nodes: [Node], _ labels: [UInt8]) {
    self.nodes = nodes
    self.labels = labels
  }

  /// The first endpoint, in the order of precedence, that `accepts`; nil without one.
  ///
  /// - Parameters:
  ///   - target: path and query as received, percent-encoded.
  ///   - work: counts the nodes that are looked at.
  ///   - accepts: called with each endpoint that matches, until it returns true. If a parameter takes a
  ///     percent-encoded segment, this begins again with all that is decoded.
  @inline(__always)
  package func match(_ target: Span<UInt8>, work: inout Int, _ accepts: (Int) -> Bool) -> Int? {
    var walk = Walk(work: work)
    let found = find(target, 0, 0, &walk, accepts)
    work = walk.work
    if found >= 0, !walk.hasPercent { return found }
    return matchDecoded(target, work: &work, accepts)
  }

  @inline(__always)
  package func match(_ target: Span<UInt8>, _ accepts: (Int) -> Bool) -> Int? {
    var work = 0
    return match(target, work: &work, accepts)
  }

  /// See above, for the target of a request.
  package func match(_ head: RequestHead, _ accepts: (Int) -> Bool) -> Int? {
    match(head.raw.bytes.span.extracting(head.pathAndQueryRange), accepts)
  }

  /// All endpoints that match, in the order of precedence.
  package func matches(_ target: Span<UInt8>) -> [Int] {
    var all: [Int] = []
    var work = 0
    _ = matchDecoded(target, work: &work) { endpoint in
      all.append(endpoint)
      return false
    }
    return all
  }

  private func matchDecoded(_ target: Span<UInt8>, work: inout Int, _ accepts: (Int) -> Bool) -> Int? {
    var walk = Walk(work: work)
    defer { work = walk.work }
    let canonical = RoutePattern.canonical(target)
    let found = find(canonical.span, 0, 0, &walk, accepts)
    return found >= 0 ? found : nil
  }

  private struct Walk {
    var work: Int
    /// Whether a parameter has taken a percent sign: decoded, the segment may be a literal, which comes first.
    var hasPercent = false
  }

  /// The endpoint, or -1.
  /// - Parameters:
  ///   - start: how many bytes of the path led to the node.
  ///   - first: the index of the node.
  private func find(
    _ path: Span<UInt8>, _ start: Int, _ first: Int, _ walk: inout Walk, _ accepts: (Int) -> Bool
  ) -> Int {
    var position = start
    var index = first
    while true {
      walk.work &+= 1
      guard position < path.count, path[position] != .question else {
        let endpoint = Int(nodes[index].endpoint)
        if endpoint >= 0, accepts(endpoint) { return endpoint }
        break
      }
      let child = child(of: nodes[index], path[position], &walk)
      if child >= 0 {
        let end = endOfLabel(nodes[child], path, position)
        if end > 0 {
          guard nodes[index].hasAlternatives else {
            (index, position) = (child, end)
            continue
          }
          let found = find(path, end, child, &walk, accepts)
          if found >= 0 { return found }
        }
      }
      let parameter = Int(nodes[index].parameter)
      guard parameter >= 0, path[position] != .slash else { break }
      let end = endOfSegment(path, position, &walk)
      guard nodes[index].rest >= 0 else {
        (index, position) = (parameter, end)
        continue
      }
      let found = find(path, end, parameter, &walk, accepts)
      if found >= 0 { return found }
      break
    }
    let rest = Int(nodes[index].rest)
    guard rest >= 0 else { return -1 }
    for place in position..<path.count where path[place] == .percent { walk.hasPercent = true }
    return accepts(rest) ? rest : -1
  }

  @inline(__always)
  private func endOfSegment(_ path: Span<UInt8>, _ start: Int, _ walk: inout Walk) -> Int {
    var end = start
    while end < path.count, path[end] != .slash, path[end] != .question {
      if path[end] == .percent { walk.hasPercent = true }
      end &+= 1
    }
    return end
  }

  /// The position behind the label of a node whose first byte is there; 0 if other bytes are.
  @inline(__always)
  private func endOfLabel(_ node: Node, _ path: Span<UInt8>, _ position: Int) -> Int {
    let count = Int(node.labelCount)
    guard count <= path.count &- position else { return 0 }
    if count > 1 {
      let label = Int(node.label)
      var index = 1
      while index < count {
        if labels[label &+ index] != path[position &+ index] { return 0 }
        index &+= 1
      }
    }
    return position &+ count
  }

  /// The child whose label begins with `byte`; -1 without one.
  @inline(__always)
  private func child(of node: Node, _ byte: UInt8, _ walk: inout Walk) -> Int {
    var low = Int(node.children)
    var high = low &+ Int(node.childCount)
    while low < high {
      walk.work &+= 1
      let middle = (low &+ high) &>> 1
      let first = nodes[middle].first
      if first == byte { return middle }
      if first < byte { low = middle &+ 1 } else { high = middle }
    }
    return -1
  }
}

extension UInt8 {
  static let question = UInt8(ascii: "?")
}
