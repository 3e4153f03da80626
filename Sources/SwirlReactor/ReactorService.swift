#if ServiceLifecycle
public import ServiceLifecycle
import SwirlDeferred

/// A reactor as a service of swift-service-lifecycle, with the package trait `ServiceLifecycle`.
///
/// ```swift
/// let web = ReactorService { reactor in try HTTPServer { _ in .text("hello") }.listen(8080) }
/// try await ServiceGroup(services: [web], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
///
/// It runs on its own thread. A graceful shutdown, or cancelling its task, stops the reactor: it runs its shutdown
/// triggers and waits for them, so that servers finish their requests.
public struct ReactorService: Service {
  private let name: String
  private let start: @Sendable (Reactor) throws -> Void

  /// - Parameters:
  ///   - name: the thread's name in debuggers and in `top -H`, up to 15 bytes.
  ///   - start: creates the service's objects, on the reactor's thread; an error that it throws ends the service.
  public init<Ignored>(
    name: String = "swirl-service", _ start: @escaping @Sendable (_ reactor: Reactor) throws -> Ignored
  ) {
    self.name = name
    self.start = { _ = try start($0) }
  }

  /// Runs the reactor until it is stopped.
  public func run() async throws {
    let thread = ReactorThread(name: name)
    do { try await thread.run { [start] reactor in try start(reactor) } } catch {
      await thread.stop()
      throw error
    }
    await withTaskCancellationOrGracefulShutdownHandler {
      await thread.ended()
    } onCancelOrGracefulShutdown: {
      thread.remote.stop()
    }
  }
}
#endif
