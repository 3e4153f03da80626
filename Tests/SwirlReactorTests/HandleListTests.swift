import SwirlDeferred
import SwirlPlatform
import Testing

@testable import SwirlReactor
import SwirlPlatform

@Suite struct HandleListTests {
  final class Handle: ReactorHandle {
    let name: String
    let handleKind: OpenHandle.Kind
    var handleIndex: Int?
    var handlePeer: String? { name }
    var onAbandon: (Handle) -> Void = { _ in }
    init(_ name: String, _ kind: OpenHandle.Kind = .connection) { (self.name, handleKind) = (name, kind) }
    func abandon() { onAbandon(self) }
  }

  @Test func `Handles are listed by kind, and within a kind in the order of making`() {
    let reactor = Reactor()
    let handles = [
      Handle("a"), Handle("b", .signal), Handle("c"), Handle("d", .listener), Handle("e", .client), Handle("f"),
    ]
    for handle in handles { reactor.insertHandle(handle, at: CallSite(file: "Here.swift", line: 7)) }
    #expect(reactor.openHandles.map(\.peer) == ["d", "e", "a", "c", "f", "b"])
    // The last one moves into the place of the first.
    reactor.handles.remove(handles[0])
    reactor.handles.remove(handles[0])
    #expect(reactor.openHandles.map(\.peer) == ["d", "e", "c", "f", "b"])
    #expect(reactor.openHandles[0].description.hasPrefix("listener d, open for "))
    #expect(reactor.openHandles[0].description.hasSuffix("made at Here.swift:7"))
    #expect(handles.map { $0.handleIndex != nil } == [false, true, true, true, true, true])
  }

  @Test func `A kept handle lives while it is listed, another is not retained`() {
    let reactor = Reactor()
    weak var kept: Handle?
    weak var free: Handle?
    do {
      let first = Handle("kept"), second = Handle("free")
      (kept, free) = (first, second)
      reactor.insertHandle(first, at: CallSite())
      reactor.insertHandle(second, isKept: false, at: CallSite())
      reactor.handles.remove(second)
    }
    #expect(kept != nil && free == nil)
    reactor.handles.remove(kept!)
    #expect(kept == nil)
  }

  @Test func `A reactor that is released abandons its handles in the order in which it lists them`() {
    var order: [String] = []
    var reactor: Reactor? = Reactor()
    let list = reactor!.handles
    let removed = Handle("removed by another")
    for (name, kind) in [("pipe", .pipe), ("client", .client), ("listener", .listener)] as [(String, OpenHandle.Kind)] {
      let handle = Handle(name, kind)
      handle.onAbandon = {
        order.append($0.name)
        list.remove(removed)
      }
      reactor!.insertHandle(handle, at: CallSite())
    }
    removed.onAbandon = { _ in order.append("removed") }
    reactor!.insertHandle(removed, at: CallSite())
    reactor = nil
    #expect(order == ["listener", "client", "pipe"])
    #expect(list.count == 0 && removed.handleIndex == nil)
  }

  @Test func `A watched descriptor is a handle with the place that watches it, until it is removed`() throws {
    let reactor = Reactor()
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    defer { for end in ends { close(end) } }
    try reactor.addReader(ends[0], file: "Mine.swift", line: 3) {}
    try reactor.addWriter(ends[1]) {}
    try reactor.addReader(ends[0], file: "Mine.swift", line: 4) {}
    let open = reactor.openHandles
    #expect(open.map(\.kind) == [.descriptor, .descriptor])
    #expect(Set(open.map(\.peer)) == ["\(ends[0]), for reading", "\(ends[1]), for writing"])
    #expect(open.contains { $0.site.line == 4 } && !open.contains { $0.site.line == 3 })
    reactor.removeReader(ends[0])
    #expect(reactor.openHandles.count == 1)
    reactor.removeAll()
    #expect(reactor.openHandles.isEmpty)
  }
}
