import SwirlDeferred
import Testing

@Suite struct HouseRandomTests {
  @Test func `the ten-thousandth number costs what the first did: its source is called as directly`() async {
    // In a process of its own: the source is one for all.
    await #expect(processExitsWith: .success) {
      // Where the stack was at each call.
      nonisolated(unsafe) var places: [UInt] = []
      HouseRandom.set {
        var here: UInt8 = 0
        withUnsafeMutablePointer(to: &here) { places.append(UInt(bitPattern: $0)) }
        return 7
      }
      var random = HouseRandom()
      for _ in 0..<10_000 { _ = random.next() }
      var numbers = [UInt64](repeating: 0, count: 4)
      random.fill(&numbers)
      precondition(numbers == [7, 7, 7, 7])
      precondition(places.count == 10_004 && places[9_999] == places[0])
    }
  }
}
