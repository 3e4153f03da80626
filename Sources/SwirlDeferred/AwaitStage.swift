/// Resumes an awaiting task when a Deferred has its result, which the task then reads from the Deferred.
final class AwaitStage: AnyDeferred {
  private let goOn: () -> Void

  init(_ goOn: @escaping () -> Void) {
    self.goOn = goOn
    super.init(isSource: false, origin: DeferredOrigin(#fileID, #line))
    action = { _, node in
      unsafe unsafeDowncast(node, to: AwaitStage.self).goOn()
      return nil
    }
  }
}
