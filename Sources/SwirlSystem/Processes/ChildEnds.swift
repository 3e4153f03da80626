import SwirlPlatform

/// The descriptors of a child at its start.
struct ChildEnds {
  /// The child's descriptors in order. -1 is unset, and becomes /dev/null; -2 is closed.
  private(set) var places: [Int32]
  private var farEnds: [Int32] = []
  private var nearEnds: [Int32] = []

  /// The program's side of its terminal; -1 without one.
  private(set) var terminal: Int32 = -1

  init(count: Int) { places = [-1, -1, -1] + Array(repeating: -2, count: count - 3) }

  /// Its input and outputs are this terminal, whose other side is `master` here.
  mutating func place(terminal: Int32, master: [Int32]) {
    self.terminal = terminal
    farEnds.append(terminal)
    nearEnds += master
  }

  mutating func placeNull(_ place: Int) { places[place] = -1 }

  /// A descriptor that was opened for the child alone.
  mutating func place(own descriptor: Int32, _ place: Int) -> Bool {
    farEnds.append(descriptor)
    return self.place(descriptor, place)
  }

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
