extension Deferred: CustomStringConvertible {
  /// Its state and its result or what it waits for, and where each was made:
  ///
  ///     <Deferred<Int> waiting for <Deferred<String> unfired, made at App/Pages.swift:12>, made at App/Pages.swift:13>
  ///
  /// A stage waits for the one before it, or for the Deferred that its callback returned. Made on demand; a Deferred
  /// stores nothing for it but the place.
  public var description: String { words }
}

extension AnyDeferred {
  /// The maximum number of Deferreds that a description names.
  private static var mostInWords: Int { 12 }

  fileprivate final var words: String {
    var text = ""
    var ends: [String] = []
    var node = self
    while true {
      text += "<Deferred<\(node.valueName)> \(node.stateWords)"
      ends.append("\(node.origin.site.map { ", made at \($0)" } ?? "")>")
      guard let upstream = unsafe node.waitingFor, node.resultWords == nil else { break }
      if ends.count == Self.mostInWords {
        text += " …"
        break
      }
      text += " "
      node = upstream
    }
    return text + ends.reversed().joined()
  }

  private var stateWords: String {
    let paused = pauses > 0 ? ", paused" : ""
    if let resultWords { return resultWords + paused }
    if unsafe waitingFor != nil { return "waiting for" + paused }
    switch state {
    case .running: return "running its callback" + paused
    default: break
    }
    if let gathering = self as? any Gathering { return "unfired, waiting for \(gathering.remaining) members" + paused }
    return "unfired" + (workName.map { ", waiting for \($0)" } ?? "") + paused
  }
}
