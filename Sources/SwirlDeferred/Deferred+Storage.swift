// The value of a success, in the two words of its Deferred if it fits there, otherwise in memory of its own.
//
// An optional would be simpler. But code that is not specialized looks up the metadata of `Optional<Value>` at each
// use, and so does the `deinit` of each stage, which never is: a third of the time of a chain.
//
// Right without checks, because the words belong to an object, which does not move; because a flag, `Flags.value`, says
// whether they hold a value, and all that writes or reads one is here; and because `deinit` ends it.
extension Deferred {
  /// Whether a value takes no more than the two words.
  @inline(__always) @inlinable static var isInPlace: Bool {
    MemoryLayout<Value>.size <= MemoryLayout<(UInt, UInt)>.size
      && MemoryLayout<Value>.alignment <= MemoryLayout<UInt>.alignment
  }

  /// The value. There must be one.
  @inline(__always) @inlinable final var storedValue: Value {
    if Self.isInPlace {
      return unsafe withUnsafePointer(to: &words) {
        unsafe UnsafeRawPointer($0).assumingMemoryBound(to: Value.self).pointee
      }
    }
    return unsafe memory.pointee
  }

  /// Stores the value, in place of one that is there.
  @inline(__always) @inlinable final func store(_ value: Value) {
    if flags.contains(.value) { removeValue() }
    if Self.isInPlace {
      unsafe withUnsafeMutablePointer(to: &words) {
        _ = unsafe UnsafeMutableRawPointer($0).initializeMemory(as: Value.self, to: value)
      }
    } else {
      let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
      unsafe memory.initialize(to: value)
      words.0 = UInt(bitPattern: memory)
    }
    flags.insert(.value)
  }

  /// Ends the value. There must be one.
  @usableFromInline final func removeValue() {
    flags.remove(.value)
    if Self.isInPlace {
      _ = unsafe withUnsafeMutablePointer(to: &words) {
        unsafe UnsafeMutableRawPointer($0).assumingMemoryBound(to: Value.self).deinitialize(count: 1)
      }
    } else {
      let memory = unsafe memory
      unsafe memory.deinitialize(count: 1)
      unsafe memory.deallocate()
    }
  }

  /// Where a value is that does not fit.
  @inline(__always) @inlinable final var memory: UnsafeMutablePointer<Value> {
    // `store` has put it there.
    unsafe UnsafeMutablePointer(bitPattern: words.0).unsafelyUnwrapped
  }
}
