import Synchronization

/// Reports that the main actor awaits a Deferred that no work can fire: otherwise the program would hang without a
/// message.
enum IdleAwait {
  private static let isReported = Atomic(false)

  /// Checks after three seconds whether any pending work could fire `deferred`. Cancel it when `deferred` has fired.
  /// nil if that is unknowable: an actor of the program may fire it at any time.
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
