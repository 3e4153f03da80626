import CSwirlSystem
import SwirlPlatform

/// A thread of the system, which runs one function and ends with it.
package enum SystemThread {
  private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts a thread that cannot be joined; returns zero, or the error for which there is none.
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

  // The pointer is what `start` retained, and it is taken over here, once.
  private static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let body = Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
    #if os(Linux)
    swirl_set_thread_name(String(body.name.prefix(15)))
    #endif
    body.run()
    return nil
  }
}
