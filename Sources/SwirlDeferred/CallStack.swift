import SwirlPlatform
import Synchronization

/// The rest of this thread's stack, and the steps that are queued because it is short.
///
/// A callback that fires another Deferred, or adds a callback to one that has fired, runs on top of the callbacks below
/// it on the stack. A program may do that a million times in a row: a worker whose results are immediate, nested lists,
/// Deferreds that only closures hold. If less than a quarter of the stack is left, such a step is queued instead. A
/// frame of this module near the base of the same stack runs it, once the deeper frames have returned.
package enum CallStack {
  /// Whether to queue the next step.
  @inline(__always) package static var isLow: Bool {
    let here = position()
    if here &- firstUsable.load(ordering: .relaxed) < firstSize.load(ordering: .relaxed) { return false }
    return isLow(at: here)
  }

  /// Runs the queued steps, if this frame is far enough from the one that queued them.
  @inline(__always) static func resume() {
    if waiting.load(ordering: .relaxed) != 0 { takeSteps(at: position()) }
  }

  /// For the reactor, before it waits: runs the steps that no frame has run, because the program's own frames filled
  /// the stack before the first frame of this module.
  package static func resumeInTurn() { resume() }

  /// Queues a step of this thread.
  @inline(never) static func putOff(_ step: @escaping () -> Void) {
    let queue = Queue.ofThisThread ?? Queue.makeForThisThread()
    if queue.steps.isEmpty { queue.hasRoomAt = position() + 32 * 1024 }
    queue.steps.append(step)
    waiting.add(1, ordering: .relaxed)
  }

  // MARK: - Bounds

  @inline(__always) private static func position() -> UInt {
    var mark: UInt8 = 0
    return unsafe withUnsafeMutablePointer(to: &mark) { UInt(bitPattern: $0) }
  }

  // The usable part of the stack of the first calling thread, usually that of the only reactor. Set once, and
  // initialized statically, so that the check is a subtraction and a comparison.
  private static let firstUsable = Atomic<UInt>(0)
  private static let firstSize = Atomic<UInt>(0)
  private static let isFirstTaken = Atomic(false)

  // A cache of other threads' stacks, in slots by their address. Each is one word, so that threads share them without a
  // lock: the first page of the usable part, and in the low 24 bits a quarter's size in pages.
  private static let stacks = InlineArray<64, Atomic<UInt>> { _ in Atomic(0) }

  private static func slot(of address: UInt) -> Int { Int(truncatingIfNeeded: (address >> 18) & 63) }

  @inline(never) private static func isLow(at here: UInt) -> Bool {
    let known = stacks[slot(of: here)].load(ordering: .relaxed)
    if here &- ((known >> 24) << 12) < ((known & 0xff_ffff) << 12) &* 3 { return false }
    guard let stack = Thread.stack(), stack.contains(here) else { return false }
    let quarter = (UInt(stack.count) / 4) & ~0xfff
    let usable = stack.lowerBound + quarter
    if !isFirstTaken.exchange(true, ordering: .relaxed) {
      firstUsable.store(usable, ordering: .relaxed)
      firstSize.store(stack.upperBound - usable, ordering: .relaxed)
    }
    stacks[slot(of: here)].store(((usable >> 12) << 24) | min(quarter >> 12, 0xff_ffff), ordering: .relaxed)
    return here < usable
  }

  // MARK: - Steps

  /// The number of queued steps of all threads. It is usually zero, which is the only check then.
  private static let waiting = Atomic(0)

  @inline(never) private static func takeSteps(at here: UInt) {
    guard let queue = Queue.ofThisThread else { return }
    while queue.hasRoomAt <= here, !queue.steps.isEmpty {
      let steps = queue.steps
      queue.steps = []
      waiting.subtract(steps.count, ordering: .relaxed)
      for step in steps { step() }
    }
  }

  /// The queued steps of one thread, which only that thread accesses.
  private final class Queue {
    var steps: [() -> Void] = []
    /// A frame at this address, or nearer the base of the stack, has room for them.
    var hasRoomAt: UInt = 0

    private static let key = {
      var key = pthread_key_t()
      // The thread ends: releases the reference that `makeForThisThread` has stored.
      #if canImport(Darwin)
      unsafe pthread_key_create(&key) { unsafe Unmanaged<Queue>.fromOpaque($0).release() }
      #else
      unsafe pthread_key_create(&key) { unsafe Unmanaged<Queue>.fromOpaque($0!).release() }
      #endif
      return key
    }()

    static var ofThisThread: Queue? {
      // `makeForThisThread` has stored it, until the thread ends.
      unsafe pthread_getspecific(key).map { unsafe Unmanaged<Queue>.fromOpaque($0).takeUnretainedValue() }
    }

    static func makeForThisThread() -> Queue {
      let queue = Queue()
      unsafe pthread_setspecific(key, Unmanaged.passRetained(queue).toOpaque())
      return queue
    }
  }
}

private enum Thread {
  /// The addresses of this thread's stack.
  static func stack() -> Range<UInt>? {
    #if canImport(Darwin)
    let high = unsafe UInt(bitPattern: pthread_get_stackaddr_np(pthread_self()))
    return unsafe high - UInt(pthread_get_stacksize_np(pthread_self()))..<high
    #else
    var attributes = pthread_attr_t()
    guard let find = unsafe find, unsafe find(pthread_self(), &attributes) == 0 else { return nil }
    defer { unsafe _ = pthread_attr_destroy(&attributes) }
    var low: UnsafeMutableRawPointer?
    var size = 0
    guard unsafe pthread_attr_getstack(&attributes, &low, &size) == 0 else { return nil }
    let start = UInt(bitPattern: low)
    return start..<start + UInt(size)
    #endif
  }

  #if !canImport(Darwin)
  // By name, because the headers declare it only for _GNU_SOURCE. Both glibc and musl have it.
  private typealias Find = @convention(c) (pthread_t, UnsafeMutablePointer<pthread_attr_t>) -> Int32
  private static let find = unsafe dlsym(nil, "pthread_getattr_np").map { unsafe unsafeBitCast($0, to: Find.self) }
  #endif
}
