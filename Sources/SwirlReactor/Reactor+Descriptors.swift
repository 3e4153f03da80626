import SwirlDeferred
import SwirlPlatform

/// Any object with a descriptor: a serial port, inotify, a database's socket, an object of the program. Twisted:
/// `IFileDescriptor`; Python: an object with `fileno()`.
public protocol FileDescriptorConvertible {
  /// The open descriptor.
  var fileDescriptor: Int32 { get }
}

extension Int32: FileDescriptorConvertible {
  /// The number itself.
  public var fileDescriptor: Int32 { self }
}

/// A descriptor that the loop cannot watch.
public struct CannotWatchError: Error, CustomStringConvertible {
  /// The descriptor.
  public let descriptor: Int32

  /// The descriptor, and the probable cause.
  public var description: String {
    "cannot watch descriptor \(descriptor): it must be open, and a socket, a pipe, a terminal or a device, not a plain file"
  }
}

/// The watches of `addReader` and `addWriter` on a descriptor.
final class DescriptorWatch: ReactorHandle {
  let event: FileEvent
  let site: CallSite
  let file: OpenFileIdentity?
  private let name: String
  private let handles: HandleList
  var handleIndex: Int?
  var handleKind: OpenHandle.Kind { .descriptor }
  var handlePeer: String? { name }

  init(_ event: FileEvent, _ name: String, _ file: OpenFileIdentity?, at site: CallSite, in handles: HandleList) {
    self.event = event
    self.name = name
    self.file = file
    self.site = site
    self.handles = handles
  }

  func close() {
    event.close()
    handles.remove(self)
  }
}

/// The identity of a descriptor's file: after a close another file may get the number. Files without their own inode,
/// such as eventfds, all have the same identity.
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
  /// Calls `body` whenever the descriptor is readable or at EOF, until ``removeReader(_:)``.
  ///
  /// Level triggered: unread bytes are reported again in the next turn. A second `addReader` for the descriptor
  /// replaces the first. Remove it before you close the descriptor: if a later descriptor gets the number of a watched
  /// one, the stale watch is dropped, with a warning in the log. An error that `body` throws is logged.
  /// - Throws: ``CannotWatchError``.
  public func addReader(
    _ descriptor: some FileDescriptorConvertible, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) throws {
    try watch(descriptor.fileDescriptor, .read, in: \.readWatches, at: CallSite(file: file, line: line), body)
  }

  /// Calls `body` whenever the descriptor is writable, until ``removeWriter(_:)``. An error that it throws is logged.
  /// - Throws: ``CannotWatchError``.
  public func addWriter(
    _ descriptor: some FileDescriptorConvertible, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) throws {
    try watch(descriptor.fileDescriptor, .write, in: \.writeWatches, at: CallSite(file: file, line: line), body)
  }

  /// Stops watching for reading. Does nothing without a watch.
  public func removeReader(_ descriptor: some FileDescriptorConvertible) {
    remove(descriptor.fileDescriptor, from: \.readWatches)
  }

  /// Stops watching for writing. Does nothing without a watch.
  public func removeWriter(_ descriptor: some FileDescriptorConvertible) {
    remove(descriptor.fileDescriptor, from: \.writeWatches)
  }

  /// The descriptors that `addReader` watches, in order. Those of connections and other handles are not among them: see
  /// ``openHandles``. Twisted: `getReaders`.
  public var readers: [Int32] { readWatches.keys.sorted() }

  /// The descriptors that `addWriter` watches, in order. Twisted: `getWriters`.
  public var writers: [Int32] { writeWatches.keys.sorted() }

  /// Removes all watches of `addReader` and `addWriter`, and returns the descriptors. Twisted: `removeAll`.
  @discardableResult
  public func removeAll() -> [Int32] {
    let descriptors = Set(readWatches.keys).union(writeWatches.keys)
    for watch in [readWatches, writeWatches].flatMap(\.values) { watch.close() }
    readWatches = [:]
    writeWatches = [:]
    return descriptors.sorted()
  }

  private func remove(_ descriptor: Int32, from table: ReferenceWritableKeyPath<Reactor, [Int32: DescriptorWatch]>) {
    guard let watch = self[keyPath: table].removeValue(forKey: descriptor) else { return }
    // If the other interest stays, libevent modifies the kernel's watch. That fails for a closed number, and would
    // watch another file with the same number.
    if readWatches[descriptor] != nil || writeWatches[descriptor] != nil {
      dropStaleWatches(of: descriptor, nowOf: OpenFileIdentity(descriptor))
    }
    watch.close()
  }

  private func watch(
    _ descriptor: Int32, _ interest: FileEvent.Interest,
    in table: ReferenceWritableKeyPath<Reactor, [Int32: DescriptorWatch]>,
    at site: CallSite, _ body: @escaping () throws -> Void
  ) throws {
    let file = OpenFileIdentity(descriptor)
    dropStaleWatches(of: descriptor, nowOf: file)
    self[keyPath: table].removeValue(forKey: descriptor)?.close()
    let event = base.fileEvent(descriptor, interest) { [unowned self] in perform(at: site, body) }
    guard descriptor >= 0, event.enable() else { throw CannotWatchError(descriptor: descriptor) }
    let name = interest == .read ? "\(descriptor), for reading" : "\(descriptor), for writing"
    let watch = DescriptorWatch(event, name, file, at: site, in: handles)
    self[keyPath: table][descriptor] = watch
    insertHandle(watch, isKept: false, at: site)
  }

  /// A separate watch on a descriptor, for transports: not in the tables of `addReader` and `addWriter`.
  package func fileEvent(
    _ descriptor: Int32, _ interest: FileEvent.Interest, handler: @escaping () -> Void
  ) -> FileEvent {
    if !readWatches.isEmpty || !writeWatches.isEmpty, interest != .signal {
      dropStaleWatches(of: descriptor, nowOf: OpenFileIdentity(descriptor))
    }
    return base.fileEvent(descriptor, interest, handler: handler)
  }

  /// Drops the watches on another file that had this number. libevent counts watches by number: with a stale watch it
  /// would not register the new one with the kernel.
  private func dropStaleWatches(of descriptor: Int32, nowOf file: OpenFileIdentity?) {
    dropStaleWatch(of: descriptor, nowOf: file, in: \.readWatches)
    dropStaleWatch(of: descriptor, nowOf: file, in: \.writeWatches)
  }

  private func dropStaleWatch(
    of descriptor: Int32, nowOf file: OpenFileIdentity?,
    in table: ReferenceWritableKeyPath<Reactor, [Int32: DescriptorWatch]>
  ) {
    guard let watch = self[keyPath: table][descriptor], watch.file != file else { return }
    self[keyPath: table][descriptor] = nil
    watch.close()
    warn(
      """
      descriptor \(descriptor), watched since \(watch.site), was closed and its number used again: the old watch is dropped; remove it \
      before you close the descriptor
      """)
  }
}
