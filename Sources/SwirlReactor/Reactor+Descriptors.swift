import SwirlDeferred
import SwirlPlatform

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

/// What `addReader` or `addWriter` has set up for a descriptor.
struct DescriptorWatch {
  let event: FileEvent
  let site: CallSite
  let file: OpenFileIdentity?
}

/// Which file a descriptor stands for: another one has its number after it was closed. Those without an inode of their own, such as an
/// eventfd, all have the same.
struct OpenFileIdentity: Hashable {
  private let device: UInt64
  private let inode: UInt64

  init?(_ descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

extension Reactor {
  /// Calls `body` whenever there is something to read, or the end has come, until ``removeReader(_:)``.
  ///
  /// Level triggered: what is left unread is told again in the next turn. A second `addReader` for the descriptor takes the
  /// place of the first. Remove it before you close the descriptor: where a later descriptor gets the number of one that was closed while it
  /// was watched, the stale watch is dropped, with a warning in the log. An error that `body` throws is logged.
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
    remove(descriptor.fileDescriptor, from: \.readers)
  }

  /// Watches for writing no more; where nothing was watched, nothing happens.
  public func removeWriter(_ descriptor: some FileDescriptor) {
    remove(descriptor.fileDescriptor, from: \.writers)
  }

  /// Watches none of the descriptors given to `addReader` and `addWriter` any more, and returns them.
  /// Twisted: `removeAll`.
  @discardableResult
  public func removeAll() -> [Int32] {
    let descriptors = Set(readers.keys).union(writers.keys)
    for watch in [readers, writers].flatMap(\.values) { watch.event.close() }
    readers = [:]
    writers = [:]
    return descriptors.sorted()
  }

  private func remove(_ descriptor: Int32, from table: ReferenceWritableKeyPath<Reactor, [Int32: DescriptorWatch]>) {
    guard let watch = self[keyPath: table].removeValue(forKey: descriptor) else { return }
    // Where the other interest stays, libevent changes what the kernel watches, which fails for a number that was closed, and would watch
    // what has it now.
    if readers[descriptor] != nil || writers[descriptor] != nil {
      dropStaleWatches(of: descriptor, nowOf: OpenFileIdentity(descriptor))
    }
    watch.event.close()
  }

  private func watch(
    _ descriptor: Int32, _ interest: FileEvent.Interest,
    in table: ReferenceWritableKeyPath<Reactor, [Int32: DescriptorWatch]>,
    at site: CallSite, _ body: @escaping () throws -> Void
  ) throws {
    let file = OpenFileIdentity(descriptor)
    dropStaleWatches(of: descriptor, nowOf: file)
    self[keyPath: table].removeValue(forKey: descriptor)?.event.close()
    let event = FileEvent(base, descriptor, interest) { [unowned self] in perform(at: site, body) }
    guard descriptor >= 0, event.enable() else { throw CannotWatchError(descriptor: descriptor) }
    self[keyPath: table][descriptor] = DescriptorWatch(event: event, site: site, file: file)
  }

  /// A watch of its own on a descriptor, for transports: not in the tables that `addReader` and `addWriter` keep.
  package func fileEvent(
    _ descriptor: Int32, _ interest: FileEvent.Interest, handler: @escaping () -> Void
  ) -> FileEvent {
    if !readers.isEmpty || !writers.isEmpty, interest != .signal {
      dropStaleWatches(of: descriptor, nowOf: OpenFileIdentity(descriptor))
    }
    return FileEvent(base, descriptor, interest, handler: handler)
  }

  /// Drops the watches on another file that had this number. libevent counts what it watches by number: beside a stale watch it would not
  /// ask the kernel for a new one.
  private func dropStaleWatches(of descriptor: Int32, nowOf file: OpenFileIdentity?) {
    dropStaleWatch(of: descriptor, nowOf: file, in: \.readers)
    dropStaleWatch(of: descriptor, nowOf: file, in: \.writers)
  }

  private func dropStaleWatch(
    of descriptor: Int32, nowOf file: OpenFileIdentity?,
    in table: ReferenceWritableKeyPath<Reactor, [Int32: DescriptorWatch]>
  ) {
    guard let watch = self[keyPath: table][descriptor], watch.file != file else { return }
    self[keyPath: table][descriptor] = nil
    watch.event.close()
    warn(
      """
      descriptor \(descriptor), watched since \(watch.site), was closed and its number used again: the old watch is dropped; remove it \
      before you close the descriptor
      """)
  }
}
