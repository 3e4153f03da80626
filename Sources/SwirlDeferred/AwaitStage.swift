/// Lets what waits for a Deferred go on, whatever its result; that is seen by who looks for it.
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
