import CSwirlSystem
import SwirlDeferred
import SwirlNet
import SwirlPlatform
import SwirlReactor

/// The program to start, and how.
struct ProcessSpecification {
  var program: any SystemBytes
  var arguments: [any SystemBytes] = []
  var environment = ProcessEnvironment.inherit
  var workingDirectory: (any SystemBytes)?
  var input = ChildInputSource.null
  var output = ChildOutputTarget.inherit
  var error = ChildOutputTarget.inherit
  var hasOwnGroup = false
  var timeout: Duration?
  /// Its `argv[0]`; the program's path if nil.
  var name: (any SystemBytes)?
  /// Open descriptors that it gets as 3, 4, ….
  var passed: [Int32] = []
  /// What it gets as further descriptors, by their numbers.
  var descriptors: [Int32: ChildDescriptor] = [:]
  /// The size of the terminal that is its input and outputs; nil without one.
  var terminal: ChildTerminalSize?
  /// The user that it becomes; nil for the one of this process.
  var user: ChildUser?
  /// Whether a thread waits for its end even if the kernel has pidfds.
  var watchesByThread = false
  /// Where the program asked for it.
  var site = CallSite()

  var search: ProgramSearch { ProgramSearch(program, from: workingDirectory) }

  /// Starts it.
  func start(on reactor: Reactor) throws(ProcessError) -> ChildProcess {
    let entries = environment.entries
    let words = ([name ?? program] + arguments).map(\.systemBytes)
    let directory = workingDirectory.map { SystemPath($0) }
    let program = search.name
    for bytes in [self.program.systemBytes, directory?.systemBytes ?? []] + words + entries where bytes.contains(0) {
      let text = String(decoding: bytes, as: UTF8.self).debugDescription
      throw ProcessError(
        .cannotStart, "start", program, "there is a zero byte in \(text), which C takes for its end")
    }
    if let name = environment.wrongName {
      throw ProcessError(
        .cannotStart, "start", program,
        "\(name.debugDescription) is no name of a variable: it is empty, or has a = in it")
    }
    let path = try search.find()
    var ends = ChildEnds(count: try descriptorCount(program))
    defer { ends.closeFarEnds() }
    let master = try openTerminal(&ends)
    let nearInput = terminal == nil ? try place(input, &ends) : master.input
    let nearOutput = terminal == nil ? try place(output, 1, &ends) : master.output
    let nearError = terminal == nil ? try place(error, 2, &ends) : -1
    for (index, descriptor) in passed.enumerated() { try checked(ends.place(descriptor, 3 + index), &ends) }
    let near = try placeDescriptors(&ends)
    var process: Int32 = 0
    var step: Int32 = 0
    let places = ends.places
    func spawn(_ path: UnsafePointer<CChar>, in directory: UnsafePointer<CChar>?) -> Int32 {
      withCStrings(words) { arguments in
        withCStrings(entries) { entries in
          if needsFork { return fork(&process, path, arguments, entries, directory, places, ends.terminal, &step) }
          return swirl_spawn(
            &process, path, arguments, entries, directory, places, Int32(places.count), hasOwnGroup ? 1 : 0)
        }
      }
    }
    let code = ChildStart.lock.withLock {
      path.withCString { path in directory?.withCString { spawn(path, in: $0) } ?? spawn(path, in: nil) }
    }
    if code != 0 {
      ends.closeNearEnds()
      throw childError(step, code) ?? search.error(code, path)
    }
    let isTerminal = terminal != nil
    return ChildProcess(
      process, self, input: ChildInput(nearInput, of: program, isTerminal: isTerminal, on: reactor),
      output: ChildOutput(nearOutput, of: program, isTerminal: isTerminal, on: reactor, at: site),
      error: ChildOutput(nearError, "standardError", of: program, on: reactor, at: site),
      inputs: near.inputs.mapValues { ChildInput($0, of: program, on: reactor) },
      outputs: near.outputs.mapValues { ChildOutput($0, "descriptors", of: program, on: reactor, at: site) },
      on: reactor, at: site)
  }

  // MARK: - Descriptors

  private func place(_ input: ChildInputSource, _ ends: inout ChildEnds) throws(ProcessError) -> Int32 {
    switch input.kind {
    case .null: return -1
    case .inherit: ends.placeOwn(0)
    case .descriptor(let descriptor): try checked(ends.place(descriptor, 0), &ends)
    case .pipe: return try pipe(&ends) { $0.place(input: $1, 0) }
    }
    return -1
  }

  private func place(_ output: ChildOutputTarget, _ place: Int, _ ends: inout ChildEnds) throws(ProcessError) -> Int32 {
    switch output.kind {
    case .null: return -1
    case .inherit: ends.placeOwn(place)
    case .descriptor(let descriptor): try checked(ends.place(descriptor, place), &ends)
    // The target may be our own descriptor 1, whose number in the child belongs to another target: duplicate it first,
    // as any other descriptor.
    case .standardOutput: if ends.places[1] >= 0 { try checked(ends.place(ends.places[1], place), &ends) }
    case .pipe: return try pipe(&ends) { $0.place(output: $1, place) }
    }
    return -1
  }

  func pipe(
    _ ends: inout ChildEnds, _ place: (inout ChildEnds, Pipe) -> Int32
  ) throws(ProcessError) -> Int32 {
    guard let pipe = Pipe() else {
      try checked(false, &ends)
      return -1
    }
    let near = place(&ends, pipe)
    try checked(near >= 0, &ends)
    return near
  }

  func checked(_ isDone: Bool, _ ends: inout ChildEnds) throws(ProcessError) {
    if isDone { return }
    let number = errno
    ends.closeNearEnds()
    throw search.error(number, SystemPath(program))
  }
}

/// Passes the strings to `body` as C's null-terminated list, for the duration of the call.
private func withCStrings<Result>(_ texts: [[UInt8]], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
  let copies = texts.map { text in
    // The array ends with its only zero byte.
    (text + [0]).withUnsafeBytes { strdup($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
  }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}
