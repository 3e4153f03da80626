import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite struct TicketQueueTests {
  /// Random operations, against an array that is searched.
  @Test(arguments: 1...16 as ClosedRange<UInt64>) func `it does what a searched array does`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var queue = TicketQueue<Int>()
    var model: [(ticket: Int, element: Int)] = []
    for number in 0..<4000 {
      switch Int.random(in: 0..<(seed % 2 == 1 ? 10 : 7), using: &random) {
      case 0:
        #expect(queue.popFirst() == (model.isEmpty ? nil : model.removeFirst().element))
      case 1:
        let first = queue.popFirstWithTicket()
        let expected = model.isEmpty ? nil : model.removeFirst()
        #expect(first?.ticket == expected?.ticket && first?.element == expected?.element)
      case 2, 3:
        // Half of them are not there any more.
        let ticket = Int.random(in: -1...max(0, queue.nextTicket), using: &random)
        let index = model.firstIndex { $0.ticket == ticket }
        #expect(queue.remove(ticket) == index.map { model.remove(at: $0).element })
      case 4 where !model.isEmpty:
        let index = model.indices.randomElement(using: &random)!
        let (ticket, element) = model.remove(at: index)
        #expect(queue.remove(ticket) == element)
        #expect(queue.remove(ticket) == nil)
      case 5:
        let divisor = Int.random(in: 2...5, using: &random)
        let expected = model.first { $0.element.isMultiple(of: divisor) }?.ticket
        #expect(queue.firstTicket { $0.isMultiple(of: divisor) } == expected)
      default:
        #expect(queue.nextTicket == queue.append(number))
        model.append((queue.nextTicket - 1, number))
      }
      #expect(queue.count == model.count && queue.isEmpty == model.isEmpty && queue.first == model.first?.element)
    }
    #expect(queue.takeAll() == model.map(\.element) && queue.isEmpty && queue.popFirst() == nil)
  }

  @Test func `a removed element is released at once, wherever it stood`() {
    let census = Census()
    var random = SeededGenerator(seed: 7)
    var queue = TicketQueue<Citizen>()
    let tickets = (0..<100).map { _ in queue.append(census.newCitizen()) }
    for (count, ticket) in tickets.shuffled(using: &random).enumerated() {
      _ = queue.remove(ticket)
      #expect(census.alive == 99 - count)
    }
  }

  @Test func `elements that come and leave behind one that stays take no memory`() {
    var queue = TicketQueue<Int>()
    queue.append(-1)
    for number in 0..<10_000 {
      let ticket = queue.append(number)
      #expect(queue.remove(ticket) == number)
    }
    #expect(queue.count == 1 && queue.placeCount <= 64)
  }
}
