import SwirlPlatform

/// A POSIX mutex, and a condition to wait for under it.
///
/// Not `Synchronization.Mutex`: on Linux that hands the lock from one waiting thread to the next through the kernel
/// (`FUTEX_LOCK_PI`), a switch of threads for every call when several send at once, and the thread sanitizer does not see it.
///
/// Unchecked, because what is in it are system objects made for many threads. They have to stay at one address, so they are
/// allocated.
package final class Lock: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func withLock<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Lets go of the lock, which the caller holds, until it is signalled, and takes it again.
  func wait() { pthread_cond_wait(condition, mutex) }

  /// Wakes one that waits.
  func signal() { pthread_cond_signal(condition) }

  /// Wakes all that wait.
  func signalAll() { pthread_cond_broadcast(condition) }
}
