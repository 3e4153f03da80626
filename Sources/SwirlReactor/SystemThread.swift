import CSwirlSystem
import SwirlPlatform

/// A system thread that runs one function.
package enum SystemThread {
  private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts a detached thread; returns zero, or the error number.
  package static func start(name: String, _ run: @escaping @Sendable () -> Void) -> Int32 {
    let context = Unmanaged.passRetained(Body(name: name, run: run))
    #if os(Linux)
    var thread = pthread_t()
    #else
    var thread: pthread_t?
    #endif
    let code = pthread_create(&thread, nil, { SystemThread.run($0) }, context.toOpaque())
    if code != 0 {
      context.release()
      return code
    }
    #if os(Linux)
    pthread_detach(thread)
    #else
    pthread_detach(thread!)
    #endif
    return 0
  }

  // Takes the reference that `start` retained, exactly once.
  private static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let body = Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
    #if os(Linux)
    swirl_set_thread_name(String(body.name.prefix(15)))
    #endif
    body.run()
    return nil
  }
}
