import SwirlPlatform

/// A POSIX mutex with a condition variable.
///
/// Not `Synchronization.Mutex`: on Linux that passes the lock between waiting threads through the kernel
/// (`FUTEX_LOCK_PI`), a context switch per call when several threads send at once, and the thread sanitizer does not
/// understand it.
///
/// Unchecked, because its contents are thread-safe system objects. They must not move, so they are allocated.
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

  /// Releases the lock, which the caller holds, until a signal, and takes it again.
  func wait() { pthread_cond_wait(condition, mutex) }

  /// Wakes one waiter.
  func signal() { pthread_cond_signal(condition) }

  /// Wakes all waiters.
  func signalAll() { pthread_cond_broadcast(condition) }
}
