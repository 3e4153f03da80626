import SwirlReactor
import Testing

@Suite(.timeLimit(.minutes(10))) struct ReactorGroupTests {
  @Test func `the threads come each in its turn, for all who ask together`() async throws {
    let group = ReactorGroup(count: 3)
    #expect(group.threads.count == 3)
    for _ in 0..<2 { for thread in group.threads { #expect(group.next() === thread) } }
    var places: Set<Place> = []
    for thread in group.threads { places.insert(try await thread.run { _ in Place() }) }
    #expect(places.map(\.name).sorted() == ["swirl-1", "swirl-2", "swirl-3"])

    let counts = Guarded<[ObjectIdentifier: Int]>([:])
    await withTaskGroup(of: Void.self) { tasks in
      for _ in 0..<300 {
        tasks.addTask { counts.withLock { $0[ObjectIdentifier(group.next()), default: 0] += 1 } }
      }
    }
    #expect(counts.withLock { Array($0.values) } == [100, 100, 100])
    await group.stop()
  }

  @Test func `there is one for each processor by default`() async {
    let group = ReactorGroup()
    #expect(group.threads.count == ReactorGroup.processorCount && ReactorGroup.processorCount >= 1)
    await group.stop()
  }

  @Test func `an invalid count ends the program`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ReactorGroup(count: 0)
    }
    #expect(words(of: result).contains("a group of reactors needs one or more, not 0"))
  }

  @Test func `stop ends them all, and may be called again`() async {
    let group = ReactorGroup(count: 3)
    await group.stop()
    for thread in group.threads {
      #expect(thread.remote.isClosed)
      await #expect(throws: ReactorReleasedError.self) { try await thread.run { _ in 1 } }
    }
    await group.stop()
  }
}
