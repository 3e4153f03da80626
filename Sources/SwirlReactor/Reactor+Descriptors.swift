import SwirlDeferred

/// Anything that has a descriptor: a serial port, inotify, a database's socket, an object of a program's own.
/// Twisted: `IFileDescriptor`; Python: an object with `fileno()`.
public protocol FileDescriptor {
  /// The open descriptor.
  var fileDescriptor: Int32 { get }
}

extension Int32: FileDescriptor {
  /// The number itself.
  public var fileDescriptor: Int32 { self }
}

/// A descriptor that the loop cannot watch.
public struct CannotWatchError: Error, CustomStringConvertible {
  /// The descriptor.
  public let descriptor: Int32

  /// Which descriptor, and what may be wrong with it.
  public var description: String {
    "cannot watch descriptor \(descriptor): it must be open, and a socket, a pipe, a terminal or a device, not a plain file"
  }
}

extension Reactor {
  /// Calls `body` whenever there is something to read, or the end has come, until ``removeReader(_:)``.
  ///
  /// Level triggered: what is left unread is told again in the next turn. A second `addReader` for the descriptor takes the
  /// place of the first. Remove it before you close the descriptor. An error that `body` throws is logged.
  /// - Throws: ``CannotWatchError``.
  public func addReader(
    _ descriptor: some FileDescriptor, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) throws {
    try watch(descriptor.fileDescriptor, .read, in: \.readers, at: CallSite(file: file, line: line), body)
  }

  /// Calls `body` whenever there is room to write, until ``removeWriter(_:)``. An error that it throws is logged.
  /// - Throws: ``CannotWatchError``.
  public func addWriter(
    _ descriptor: some FileDescriptor, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) throws {
    try watch(descriptor.fileDescriptor, .write, in: \.writers, at: CallSite(file: file, line: line), body)
  }

  /// Watches for reading no more; where nothing was watched, nothing happens.
  public func removeReader(_ descriptor: some FileDescriptor) {
    readers.removeValue(forKey: descriptor.fileDescriptor)?.close()
  }

  /// Watches for writing no more; where nothing was watched, nothing happens.
  public func removeWriter(_ descriptor: some FileDescriptor) {
    writers.removeValue(forKey: descriptor.fileDescriptor)?.close()
  }

  /// Watches none of the descriptors given to `addReader` and `addWriter` any more, and returns them.
  /// Twisted: `removeAll`.
  @discardableResult
  public func removeAll() -> [Int32] {
    let descriptors = Set(readers.keys).union(writers.keys)
    for event in [readers, writers].flatMap(\.values) { event.close() }
    readers = [:]
    writers = [:]
    return descriptors.sorted()
  }

  private func watch(
    _ descriptor: Int32, _ interest: FileEvent.Interest,
    in table: ReferenceWritableKeyPath<Reactor, [Int32: FileEvent]>,
    at site: CallSite, _ body: @escaping () throws -> Void
  ) throws {
    self[keyPath: table].removeValue(forKey: descriptor)?.close()
    let event = fileEvent(descriptor, interest) { [unowned self] in perform(at: site, body) }
    guard descriptor >= 0, event.enable() else { throw CannotWatchError(descriptor: descriptor) }
    self[keyPath: table][descriptor] = event
  }

  /// A watch of its own on a descriptor, for transports: not in the tables that `addReader` and `addWriter` keep.
  package func fileEvent(
    _ descriptor: Int32, _ interest: FileEvent.Interest, handler: @escaping () -> Void
  ) -> FileEvent {
    FileEvent(base, descriptor, interest, handler: handler)
  }
}
