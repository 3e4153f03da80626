import SwirlPlatform

extension ListeningSocket {
  /// The listening sockets that this process was started with, in their order: by systemd or a like manager
  /// (`LISTEN_FDS`), or by the process that it replaces (`reactor.restart`); empty without either.
  ///
  /// Call it once, early, on the main thread: it removes the variables from the environment, so that child processes do
  /// not take them for their own, and sets close-on-exec on the descriptors. systemd: `sd_listen_fds_with_names(3)`.
  /// - Throws: ``NetError`` with the code `.listen` if the variables make no sense, or a descriptor is no listening
  ///   stream socket; then all of the descriptors are closed.
  public static func inherited() throws -> [ListeningSocket] {
    let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    let values = variables.map { name in getenv(name).map { String(cString: $0) } }
    for name in variables { unsetenv(name) }
    if let sockets = try Handover.taken()?.sockets, !sockets.isEmpty { return sockets }
    return try sockets(process: values[0], count: values[1], names: values[2])
  }

  /// By the rules of `sd_listen_fds(3)`.
  static func sockets(
    process: String?, count: String?, names: String?, first: Int32 = 3
  ) throws(NetError) -> [ListeningSocket] {
    // Variables for another process were inherited by accident, and mean nothing here.
    guard let process, let count, Int32(process) == getpid() else { return [] }
    guard let count = Int32(count), (0...4096).contains(count) else {
      throw NetError(.listen, "LISTEN_FDS", errno: EINVAL, reason: "\(count.debugDescription) is no number of sockets")
    }
    let descriptors = first..<first + count
    for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return try take(Array(descriptors), names: names?.split(separator: ":", omittingEmptySubsequences: false), false)
  }

  /// Takes over all descriptors, or closes them.
  static func take(
    _ descriptors: [Int32], names: [Substring]?, _ ownsFile: Bool
  ) throws(NetError) -> [ListeningSocket] {
    var sockets: [ListeningSocket] = []
    do throws(NetError) {
      if let names, names.count != descriptors.count {
        throw NetError(
          .listen, "LISTEN_FDNAMES", errno: EINVAL,
          reason: "it has \(names.count) names for \(descriptors.count) sockets (LISTEN_FDS)")
      }
      for (index, descriptor) in descriptors.enumerated() {
        sockets.append(
          try ListeningSocket(checking: descriptor, name: names.map { String($0[index]) }, ownsFile: ownsFile))
      }
      return sockets
    } catch {
      for descriptor in descriptors.dropFirst(sockets.count) { Socket.close(descriptor) }
      throw error
    }
  }
}
