import SwirlPlatform

/// A pool refused work.
public struct ThreadPoolError: Error, Hashable, CustomStringConvertible {
  private enum Reason: Hashable {
    case closed, full, allAbandoned
    case noThread(errno: Int32)
  }
  private let reason: Reason

  /// It was closed.
  public static let closed = ThreadPoolError(reason: .closed)
  /// The queue is full.
  public static let full = ThreadPoolError(reason: .full)
  /// The maximum number of threads is busy with work whose outcome is no longer wanted, and no thread is free.
  package static let allAbandoned = ThreadPoolError(reason: .allAbandoned)
  /// It has no thread, and the system cannot start one.
  static func noThread(_ errno: Int32) -> ThreadPoolError { ThreadPoolError(reason: .noThread(errno: errno)) }

  /// The error in words, and what to do.
  public var description: String {
    switch reason {
    case .closed: "the thread pool is closed and takes no more work"
    case .full: "the thread pool is full: wait for work to be done before giving it more, as behind a semaphore"
    case .allAbandoned:
      "no thread is free: too many still do what was cancelled, and cannot be stopped; find out what blocks them"
    case .noThread(let errno):
      "no thread can be started (\(String(cString: strerror(errno)))): there are too many processes (ulimit -u), or too little memory"
    }
  }
}
