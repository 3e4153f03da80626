import CSwirlSystem
import SwirlDeferred
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
  /// Whether it gets a pipe to read from as descriptor 3, and one to write to as 4.
  var hasChannel = false
  /// Open descriptors that it gets as 3, 4, …; not beside a channel.
  var passed: [Int32] = []
  /// Whether a thread waits for its end even if the kernel has pidfds.
  var watchesByThread = false
  /// Where the program asked for it.
  var site = CallSite()

  private var search: ProgramSearch { ProgramSearch(program, from: workingDirectory) }

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
    var ends = ChildEnds(count: hasChannel ? 5 : 3 + passed.count)
    defer { ends.closeFarEnds() }
    let nearInput = try place(input, &ends)
    let nearOutput = try place(output, 1, &ends)
    let nearError = try place(error, 2, &ends)
    let channel =
      hasChannel ? (try pipe(&ends) { $0.place(input: $1, 3) }, try pipe(&ends) { $0.place(output: $1, 4) }) : nil
    for (index, descriptor) in passed.enumerated() { try checked(ends.place(descriptor, 3 + index), &ends) }
    var process: Int32 = 0
    let places = ends.places
    func spawn(_ path: UnsafePointer<CChar>, in directory: UnsafePointer<CChar>?) -> Int32 {
      withCStrings(words) { arguments in
        withCStrings(entries) { entries in
          swirl_spawn(
            &process, path, arguments, entries, directory, places, Int32(places.count), hasOwnGroup ? 1 : 0)
        }
      }
    }
    let code = path.withCString { path in
      directory?.withCString { spawn(path, in: $0) } ?? spawn(path, in: nil)
    }
    if code != 0 {
      ends.closeNearEnds()
      throw search.error(code, path)
    }
    return ChildProcess(
      process, self, input: ChildInput(nearInput, of: program, on: reactor),
      output: ChildOutput(nearOutput, of: program, on: reactor, at: site),
      error: ChildOutput(nearError, "standardError", of: program, on: reactor, at: site),
      channel: channel.map {
        (ChildInput($0, of: program, on: reactor), ChildOutput($1, of: program, on: reactor, at: site))
      },
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

  private func pipe(
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

  private func checked(_ isDone: Bool, _ ends: inout ChildEnds) throws(ProcessError) {
    if isDone { return }
    let number = errno
    ends.closeNearEnds()
    throw search.error(number, SystemPath(program))
  }
}

/// The descriptors of a child at its start.
private struct ChildEnds {
  /// The child's descriptors in order. -1 is unset, and becomes /dev/null.
  private(set) var places: [Int32]
  private var farEnds: [Int32] = []
  private var nearEnds: [Int32] = []

  init(count: Int) { places = Array(repeating: -1, count: count) }

  /// The same descriptor as in this process, if it is open.
  mutating func placeOwn(_ place: Int) { if fcntl(Int32(place), F_GETFD) != -1 { places[place] = Int32(place) } }

  /// A copy of `descriptor`: dup2 would overwrite a source with a number that the child uses before its turn.
  mutating func place(_ descriptor: Int32, _ place: Int) -> Bool {
    places[place] = Descriptor.duplicate(descriptor, from: Int32(places.count))
    if places[place] >= 0 { farEnds.append(places[place]) }
    return places[place] >= 0
  }

  /// Returns our end, or -1.
  mutating func place(input pipe: Pipe, _ place: Int) -> Int32 {
    self.place(far: pipe.readEnd, near: pipe.writeEnd, place)
  }
  mutating func place(output pipe: Pipe, _ place: Int) -> Int32 {
    self.place(far: pipe.writeEnd, near: pipe.readEnd, place)
  }

  private mutating func place(far: Int32, near: Int32, _ place: Int) -> Int32 {
    nearEnds.append(near)
    farEnds.append(far)
    if Int(far) >= places.count {
      places[place] = far
      return near
    }
    return self.place(far, place) ? near : -1
  }

  func closeFarEnds() { for end in farEnds { Descriptor.close(end) } }
  func closeNearEnds() { for end in nearEnds { Descriptor.close(end) } }
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
