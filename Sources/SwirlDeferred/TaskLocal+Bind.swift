extension TaskLocal {
  /// `callback`, called with the value that this task-local has now.
  ///
  /// ```swift
  /// fetch(url).addCallback(ServiceContext.$current.bind { page in … })      // in the span that is open here
  /// reactor.callLater(.seconds(1), ServiceContext.$current.bind { … })
  /// ```
  ///
  /// A callback runs with the task-locals of the code that fires it: those of another task; a reactor has no
  /// task-locals. A task is the other way to keep them: `Deferred { }` and `Task { }` begin with those of the place
  /// where they were made. Node: `AsyncLocalStorage.bind`; Python: `contextvars.copy_context().run`.
  public func bind<Argument, Result>(
    _ callback: @escaping (Argument) throws -> Result
  ) -> (Argument) throws -> Result {
    let kept = get()
    return { argument in try self.withValue(kept) { try callback(argument) } }
  }

  /// `callback`, called with the value that this task-local has now.
  public func bind<Result>(_ callback: @escaping () throws -> Result) -> () throws -> Result {
    let kept = get()
    return { try self.withValue(kept) { try callback() } }
  }
}
