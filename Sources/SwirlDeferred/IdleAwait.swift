import Synchronization

/// Reports that the main actor awaits a Deferred which nothing there can fire: a program that would otherwise hang without a word.
enum IdleAwait {
  private static let isReported = Atomic(false)

  /// Looks, in three seconds, whether anything is under way that could fire `deferred`. To be cancelled when it has fired. nil where no
  /// one can say: an actor of the program's own may fire it whenever it likes.
  static func watch(_ deferred: AnyDeferred, on isolation: (any Actor)?) -> Task<Void, any Error>? {
    guard isolation === MainActor.shared, !isReported.load(ordering: .relaxed) else { return nil }
    let origin = deferred.origin
    return Task {
      try await Task.sleep(for: .seconds(3))
      try await report(origin)
    }
  }

  @MainActor private static func report(_ origin: DeferredOrigin) throws {
    try Task.checkCancellation()
    guard DeferredHomes.isIdle, !isReported.exchange(true, ordering: .relaxed) else { return }
    DeferredReport(.nothingToFireIt, createdAt: origin).send()
  }
}
