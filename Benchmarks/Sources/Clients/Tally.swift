import Measure

/// Counts for tasks that run on several threads.
actor Tally {
  private let load: Load

  init(_ load: Load) { self.load = load }

  func complete(status: Int, length: Int) -> Bool { load.complete(status: status, length: length) }
}
