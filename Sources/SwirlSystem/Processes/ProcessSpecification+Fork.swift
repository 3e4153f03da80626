import CSwirlSystem
import SwirlPlatform

/// What posix_spawn cannot do: the child is forked.
extension ProcessSpecification {
  var needsFork: Bool { terminal != nil || user != nil }

  /// How many of the child's numbers are in use, gaps included.
  func descriptorCount(_ program: String) throws(ProcessError) -> Int {
    let fixed = 3 + passed.count
    for number in descriptors.keys.sorted() where !(Int32(fixed)..<1024).contains(number) {
      throw ProcessError(
        .cannotStart, "start", program,
        "its descriptor \(number) is given twice, or out of range: further ones have the numbers \(fixed) to 1023")
    }
    let count = max(fixed, Int(descriptors.keys.max() ?? 0) + 1)
    // Their copies are beyond them until the program runs.
    guard count + fixed + descriptors.count < sysconf(Int32(_SC_OPEN_MAX)) else {
      throw ProcessError(
        .cannotStart, "start", program, errno: EMFILE,
        "its descriptor \(count - 1) is beyond the limit, with room for copies: raise it (ulimit -n)")
    }
    return count
  }

  /// Opens the pipes and files of `descriptors`. Returns our ends of the pipes.
  func placeDescriptors(
    _ ends: inout ChildEnds
  ) throws(ProcessError) -> (inputs: [Int32: Int32], outputs: [Int32: Int32]) {
    var inputs: [Int32: Int32] = [:]
    var outputs: [Int32: Int32] = [:]
    for (number, descriptor) in descriptors {
      let place = Int(number)
      switch descriptor.kind {
      case .null: ends.placeNull(place)
      case .inherit:
        errno = EBADF
        ends.placeOwn(place)
        try checked(ends.places[place] == number, &ends)
      case .descriptor(let descriptor): try checked(ends.place(descriptor, place), &ends)
      case .input: inputs[number] = try pipe(&ends) { $0.place(input: $1, place) }
      case .output: outputs[number] = try pipe(&ends) { $0.place(output: $1, place) }
      case .file(let path, let flags):
        let opened = try open(SystemPath(path), flags, &ends)
        try checked(ends.place(own: opened, place), &ends)
      }
    }
    return (inputs, outputs)
  }

  /// A FIFO does not block the loop until it has a peer.
  private func open(_ path: SystemPath, _ flags: Int32, _ ends: inout ChildEnds) throws(ProcessError) -> Int32 {
    errno = EINVAL
    let opened =
      path.hasZeroByte ? -1 : path.withCString { systemOpen($0, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o666) }
    if opened < 0 {
      let number = errno
      ends.closeNearEnds()
      throw ProcessError(.cannotStart, "open \(path) for", search.name, errno: number)
    }
    _ = fcntl(opened, F_SETFL, fcntl(opened, F_GETFL) & ~O_NONBLOCK)
    return opened
  }

  #if os(Linux)
  /// Makes the terminal. Returns two descriptors of our side, -1 without a terminal.
  func openTerminal(_ ends: inout ChildEnds) throws(ProcessError) -> (input: Int32, output: Int32) {
    guard let terminal else { return (-1, -1) }
    let master = systemOpen("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, 0)
    guard master >= 0 else { throw terminalError("no pseudo-terminal is left, or /dev/pts is not mounted") }
    let ours = Descriptor.duplicate(master, from: 3)
    let theirs = swirl_open_terminal(master)
    let number = errno
    ends.place(terminal: theirs, master: [master, ours])
    guard ours >= 0, theirs >= 0 else {
      ends.closeNearEnds()
      errno = number
      throw terminalError(nil)
    }
    terminal.apply(to: master)
    for place in 0..<3 { try checked(ends.place(theirs, place), &ends) }
    return (master, ours)
  }

  private func terminalError(_ reason: String?) -> ProcessError {
    ProcessError(.cannotStart, "make a terminal for", search.name, errno: errno, reason)
  }

  /// Returns zero, or the error of the step that failed.
  func fork(
    _ process: inout Int32, _ path: UnsafePointer<CChar>, _ arguments: [UnsafeMutablePointer<CChar>?],
    _ entries: [UnsafeMutablePointer<CChar>?], _ directory: UnsafePointer<CChar>?, _ places: [Int32],
    _ terminal: Int32, _ step: inout Int32
  ) -> Int32 {
    let groups = user?.groups ?? []
    // The arrays outlive the call, which the child's copy of this memory does not.
    return arguments.withUnsafeBufferPointer { arguments in
      entries.withUnsafeBufferPointer { entries in
        places.withUnsafeBufferPointer { places in
          groups.withUnsafeBufferPointer { groups in
            var child = swirl_child(
              path: path, arguments: arguments.baseAddress!, environment: entries.baseAddress!, directory: directory,
              descriptors: places.baseAddress!, count: Int32(places.count), has_own_group: hasOwnGroup ? 1 : 0,
              terminal: terminal, changes_user: user == nil ? 0 : 1, user: user?.user ?? 0, group: user?.group ?? 0,
              groups: groups.baseAddress, group_count: Int32(groups.count))
            return swirl_fork_child(&process, &child, &step)
          }
        }
      }
    }
  }

  /// The error of a step of the child that posix_spawn does not have; nil for the others.
  func childError(_ step: Int32, _ errno: Int32) -> ProcessError? {
    let name = search.name
    let words: String
    switch UInt32(step) {
    case swirl_step_session.rawValue: words = "give a session and a terminal to"
    case swirl_step_descriptors.rawValue: words = "give its descriptors to"
    case swirl_step_groups.rawValue: words = "set the groups of"
    case swirl_step_group.rawValue: words = "set the group \(user?.group ?? 0) of"
    case swirl_step_user.rawValue: words = "set the user \(user?.user ?? 0) of"
    default: return nil
    }
    let reason = errno == EPERM && user != nil ? "only root may become another user" : nil
    return ProcessError(.cannotStart, words, name, errno: errno, reason)
  }
  #else
  func openTerminal(_ ends: inout ChildEnds) throws(ProcessError) -> (input: Int32, output: Int32) {
    if needsFork { throw ProcessError(.cannotStart, "start", search.name, errno: ENOSYS) }
    return (-1, -1)
  }

  func fork(
    _ process: inout Int32, _ path: UnsafePointer<CChar>, _ arguments: [UnsafeMutablePointer<CChar>?],
    _ entries: [UnsafeMutablePointer<CChar>?], _ directory: UnsafePointer<CChar>?, _ places: [Int32],
    _ terminal: Int32, _ step: inout Int32
  ) -> Int32 { ENOSYS }

  func childError(_ step: Int32, _ errno: Int32) -> ProcessError? { nil }
  #endif
}

// A method above shadows this name.
private func systemOpen(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32 {
  open(path, flags, mode)
}
