import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

#if os(Linux)
extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct FileWatcherTests {
    /// A tree of directories that is removed with the object.
    private final class Tree {
      let path: String
      init() {
        var template = Array("/tmp/swirl-watch-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
      }
      deinit { Self.remove(SystemPath(path)) }
      private static func remove(_ path: SystemPath) {
        for entry in DirectoryEntries.of(path) {
          let child = path.child(entry.name)
          if entry.isDirectory { remove(child) } else { _ = child.withCString { unlink($0) } }
        }
        _ = path.withCString { rmdir($0) }
      }
      func make(_ name: String) { #expect(mkdir("\(path)/\(name)", 0o755) == 0) }
      func write(_ name: String, _ text: String = "x") {
        let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        #expect(file >= 0)
        _ = Array(text.utf8).withUnsafeBytes { SwirlPlatform.write(file, $0.baseAddress, $0.count) }
        close(file)
      }
      func move(_ name: String, _ newName: String) { #expect(rename("\(path)/\(name)", "\(path)/\(newName)") == 0) }
    }

    /// The changes that `body` makes in a tree, up to a file `end`, with paths below the tree.
    private func changes(
      recursively: Bool = false, of name: String = "", prepare: (Tree) -> Void = { _ in },
      _ body: @escaping (Tree) -> Void
    ) throws -> [String] {
      let tree = Tree()
      prepare(tree)
      var seen: [String] = []
      try withReactor { reactor in
        let done = Deferred<Void>()
        let place = name.isEmpty ? tree.path : "\(tree.path)/\(name)"
        try reactor.watchFiles(place, recursively: recursively) { change in
          seen.append("\(change)".replacing("\(tree.path)/", with: "").replacing(tree.path, with: "."))
        }
        try reactor.watchFiles(tree.path) { change in
          // After the changes that are held for their second half.
          if change.path.hasSuffix("/end"), change.kind == .written {
            reactor.callLater(FileWatcher.moveLimit * 3) { if !done.isFired { done.callback() } }
          }
        }
        reactor.callSoon {
          body(tree)
          tree.write("end", "")
        }
        return done
      }
      return seen.filter { !$0.hasSuffix(" end") }
    }

    @Test func `a file is created, written, changed and removed`() throws {
      let seen = try changes { tree in
        tree.write("a")
        chmod("\(tree.path)/a", 0o600)
        unlink("\(tree.path)/a")
      }
      #expect(seen == ["created a", "modified a", "written a", "attributes a", "removed a"])
    }

    @Test func `both halves of a move are one change`() throws {
      let seen = try changes(prepare: { $0.write("a") }) { tree in
        tree.move("a", "b")
        tree.move("b", "c")
      }
      #expect(seen == ["moved a to b", "moved b to c"])
    }

    @Test func `a move to or from a place that is not watched is half of one, in its order`() throws {
      let other = Tree()
      other.write("in")
      let seen = try changes(prepare: { $0.write("a") }) { tree in
        #expect(rename("\(tree.path)/a", "\(other.path)/a") == 0)
        tree.write("a")
        #expect(rename("\(other.path)/in", "\(tree.path)/in") == 0)
        #expect(rename("\(tree.path)/in", "\(other.path)/out") == 0)
      }
      #expect(
        seen == ["moved out a", "created a", "modified a", "written a", "moved in in", "moved out in"])
    }

    @Test func `what is made in a new directory before it is watched is found, and reported once`() throws {
      let seen = try changes(recursively: true) { tree in
        for path in ["d", "d/e", "d/e/f"] { tree.make(path) }
        tree.write("d/e/f/deep")
        tree.write("d/one")
      }
      for name in ["d", "d/e", "d/e/f", "d/e/f/deep", "d/one"] {
        #expect(seen.filter { $0 == "created \(name)" }.count == 1, "\(name) in \(seen)")
      }
      #expect(seen.contains("written d/e/f/deep") && seen.contains("written d/one"))
    }

    @Test func `a directory that moves is watched under its new name, and none that moved away`() throws {
      let other = Tree()
      let seen = try changes(
        recursively: true,
        prepare: {
          $0.make("a")
          $0.make("a/b")
          $0.make("z")
        }
      ) { tree in
        tree.move("a", "c")
        tree.write("c/b/file")
        #expect(rename("\(tree.path)/z", "\(other.path)/z") == 0)
        other.write("z/unseen")
        tree.write("last")
      }
      #expect(
        seen.filter { !$0.hasPrefix("modified") } == [
          "moved a to c", "created c/b/file", "written c/b/file", "moved out z", "created last", "written last",
        ])
    }

    @Test func `a file that is saved by renaming stays watched, and need not exist`() throws {
      let seen = try changes(of: "config") { tree in
        tree.write("config")
        tree.write("other")
        tree.write("config.new")
        tree.move("config.new", "config")
        tree.write("config")
        tree.move("config", "config.old")
        unlink("\(tree.path)/other")
      }
      #expect(
        seen.filter { !$0.hasPrefix("modified") } == [
          "created config", "written config", "moved in config", "written config", "moved out config",
        ])
    }

    @Test func `a name that is not UTF-8 is its bytes`() throws {
      let tree = Tree()
      let name: [UInt8] = [0x63, 0xe9, 0xff]
      var seen: FileChange?
      try withReactor { reactor in
        let done = Deferred<Void>()
        try reactor.watchFiles(tree.path) { change in
          seen = change
          if !done.isFired { done.callback() }
        }
        _ = SystemPath(tree.path).child(name).withCString { mkdir($0, 0o755) }
        return done
      }
      #expect(seen?.pathBytes == Array("\(tree.path)/".utf8) + name)
      #expect(seen?.path == "\(tree.path)/c\u{fffd}\u{fffd}" && seen?.isDirectory == true)
    }

    @Test(arguments: [true, false])
    func `what is watched ends, and so do the watcher and the loop`(removes: Bool) async throws {
      let tree = Tree()
      tree.make("d")
      let path = tree.path
      let thread = ReactorThread()
      let stream = try await thread.remote.run { reactor in
        let stream = maybeDeferred { try reactor.fileChanges("\(path)/d") }
        if removes { rmdir("\(path)/d") } else { rename("\(path)/d", "\(path)/e") }
        return stream
      }
      var kinds: [FileChange.Kind] = []
      for try await change in stream where change.kind != .attributes { kinds.append(change.kind) }
      #expect(kinds == [removes ? .removed : .movedOut, .unwatched])
      let watchers = try await thread.remote.run { reactor in
        Deferred<Int>.succeed(reactor.openHandles.count { $0.kind == .fileWatcher })
      }
      #expect(watchers == 0)
    }

    @Test func `leaving the loop stops the watcher`() async throws {
      let tree = Tree()
      let path = tree.path
      let thread = ReactorThread()
      let stream = try await thread.remote.run { reactor in maybeDeferred { try reactor.fileChanges(path) } }
      tree.write("a")
      for try await _ in stream { break }
      var watchers = 1
      while watchers > 0 {
        watchers = try await thread.remote.run { reactor in
          Deferred<Int>.succeed(reactor.openHandles.count { $0.kind == .fileWatcher })
        }
      }
    }

    @Test func `changes that the kernel dropped are an overflow, and new directories stay watched`() throws {
      let limit = (try? String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events")) ?? "16384"
      let count = (Int(limit.filter(\.isNumber)) ?? 16384) / 2 + 1000
      guard count < 200_000 else { return }
      let tree = Tree()
      var overflows = 0
      var isSeen = false
      try withReactor { reactor in
        let done = Deferred<Void>()
        try reactor.watchFiles(tree.path, recursively: true) { change in
          if change.kind == .overflow {
            overflows += 1
            reactor.callSoon { tree.write("late/file") }
          }
          if change.path.hasSuffix("late/file"), change.kind == .written, !isSeen {
            isSeen = true
            done.callback()
          }
        }
        // Alternating, because the kernel joins equal ones.
        for _ in 0..<count {
          chmod(tree.path, 0o700)
          tree.write("a", "")
        }
        tree.make("late")
        return done
      }
      #expect(overflows == 1 && isSeen)
    }

    @Test func `it may be stopped in its callback, and in a found entry's`() throws {
      let tree = Tree()
      var count = 0
      try withReactor { reactor in
        let done = Deferred<Void>()
        var watcher: FileWatcher?
        watcher = try reactor.watchFiles(tree.path, recursively: true) { change in
          count += 1
          guard change.wasFound else { return }
          watcher?.stop()
          watcher = nil
          reactor.callLater(.milliseconds(5)) { done.callback() }
        }
        tree.make("d")
        for name in 1...10 { tree.write("d/\(name)") }
        return done
      }
      #expect(count == 2)
    }

    @Test func `errors name the path and the limit`() throws {
      let reactor = Reactor()
      let missing = #expect(throws: FileError.self) { try reactor.watchFiles("/no/such/directory/file") { _ in } }
      #expect(missing?.errno == ENOENT && missing?.action == "watch")
      #expect(throws: FileError.self) { try reactor.watchFiles("a\0b") { _ in } }
      #expect(Inotify.error(ENOSPC, SystemPath("x")).description.contains("fs.inotify.max_user_watches"))
      #expect(Inotify.error(EMFILE, SystemPath("x")).description.contains("fs.inotify.max_user_instances"))
      #expect(reactor.openHandles.isEmpty)
    }

    @Test func `one that cannot be made leaves no descriptor`() async {
      // In a process of its own: other suites open and close descriptors here.
      await #expect(processExitsWith: .success) {
        let reactor = Reactor()
        func fail() { #expect(throws: FileError.self) { try reactor.watchFiles("/no/such/directory/file") { _ in } } }
        fail()
        let free = dup(0)
        close(free)
        for _ in 0..<10 { fail() }
        if dup(0) != free { fatalError("there are open ones") }
      }
    }

    @Test func `a directory that moved away unseen is not reported under its old name`() throws {
      let (tree, other) = (Tree(), Tree())
      tree.make("inner")
      var seen: [String] = []
      try withReactor { reactor in
        let done = Deferred<Void>()
        var watcher: FileWatcher?
        watcher = try reactor.watchFiles(tree.path, recursively: true) { change in
          seen.append("\(change.kind) \(change.path.replacing(tree.path, with: ""))")
          if change.path.hasSuffix("/last"), change.kind == .written { done.callback() }
        }
        // As if the kernel had dropped the event of the move.
        let watch = try #require(watcher?.table.watches(at: SystemPath("\(tree.path)/inner")).first)
        #expect(rename("\(tree.path)/inner", "\(other.path)/inner") == 0)
        watcher?.handle(InotifyEvent(watch: -1, mask: Inotify.overflow, cookie: 0, name: []))
        #expect(watcher?.table[watch] == nil)
        other.write("inner/file")
        tree.write("last")
        return done
      }
      #expect(!seen.contains { $0.contains("file") })
    }

    @Test func `stopped by the report of a new directory, it looks for no more in it`() async throws {
      // In a process of its own, whose log is seen.
      let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
        let tree = Tree()
        let reactor = Reactor()
        var watcher: FileWatcher?
        watcher = try reactor.watchFiles(tree.path, recursively: true) { _ in
          watcher?.stop()
          reactor.callSoon { reactor.stop() }
        }
        tree.make("d")
        reactor.run()
      }
      #expect(result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } == "")
    }
  }
}

extension String {
  fileprivate init(contentsOfFile path: String) throws {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    self.init(decoding: bytes.prefix(fread(&bytes, 1, bytes.count, file)), as: UTF8.self)
  }
}
#endif
