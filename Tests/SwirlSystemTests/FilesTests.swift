import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct FilesTests {
    private let folder = TemporaryDirectory()

    @Test func `what is written is read, whole, appended to, copied and removed`() throws {
      let path = folder.path + "/a"
      let copy = folder.path + "/b"
      let (text, count, size, none, there) = try withReactor { reactor in
        let files = reactor.files
        return files.write("one\n", to: path).addCallback { files.append("two\n", to: path) }
          .addCallback { files.copy(path, to: copy) }
          .addCallback { count in
            gather(files.readText(copy), files.size(of: path), files.size(of: path + "x"), files.exists(folder.path))
              .addCallback { text, size, none, there in
                gatherResults([files.remove(path), files.remove(copy)]).addCallback { _ in
                  (text, count, size, none, there)
                }
              }
          }
      }
      #expect(text == "one\ntwo\n" && count == 8 && size == 8 && none == nil && there)
      #expect(try folder.names == [])
    }

    @Test(arguments: [true, false], [0o750, 0o666, 0o600] as [mode_t])
    func `a file is replaced with its permissions, and nothing else is left`(_ atomically: Bool, _ mode: mode_t) throws
    {
      let path = folder.file("script", "old and longer", mode: mode)
      try withReactor { $0.files.write("new", to: path, atomically: atomically) }
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == mode && status.st_size == 3)
      #expect(try folder.names == ["script"])
    }

    @Test func `what is no file is written to, and not replaced`() throws {
      // Through a link, which a wrong implementation would replace in place of the device.
      let path = folder.path + "/null"
      symlink("/dev/null", path)
      let count = try withReactor { reactor in
        let files = reactor.files
        let writer = files.writer(to: path)
        return gather(files.write("new", to: path), writer.write("new").addCallback { writer.close() })
          .addCallback { _ in files.copy("/proc/self/cmdline", to: path) }
      }
      var status = stat()
      #expect(count > 0 && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
      #expect(try folder.names == ["null"])
    }

    @Test func `what is appended at the same time is all there`() throws {
      let path = folder.path + "/log"
      let (one, two) = (try OpenFile(path, .append), try OpenFile(path, .append))
      try one.write(Array("one ".utf8))
      try two.write(Array("two ".utf8))
      try one.write(Array("three".utf8))
      #expect(try withReactor { $0.files.readText(path) } == "one two three")
    }

    @Test func `errors name the path, what was tried, and why not`() throws {
      let missing = folder.path + "/no/file"
      let large = folder.file("large", String(repeating: "x", count: 1000))
      let strange = folder.path + "/strange"
      func error(_ body: (Files) -> Deferred<Void>) throws -> FileError? {
        #expect(throws: FileError.self) { try withReactor { body($0.files) } }
      }
      let cases: [(FileError?, String, Int32)] = [
        (try error { $0.read(missing).addCallback { _ in } }, "open", ENOENT),
        (try error { $0.write("x", to: missing) }, "open", ENOENT),
        (try error { $0.write("x", to: missing, atomically: false) }, "open", ENOENT),
        (try error { $0.append("x", to: missing) }, "open", ENOENT),
        (try error { $0.copy(missing, to: large).addCallback { _ in } }, "open", ENOENT),
        (try error { $0.remove(missing) }, "remove", ENOENT),
        (try error { $0.forEachChunk(of: missing) { _ in .succeed() } }, "open", ENOENT),
      ]
      for (error, action, errno) in cases {
        #expect(error?.action == action && error?.errno == errno && error?.path == missing)
      }
      #expect(try error { $0.read(large, limit: 999).addCallback { _ in } }?.reason.contains("999") == true)
      try withReactor { $0.files.write([0xff, 0xfe], to: strange) }
      #expect(try error { $0.readText(strange).addCallback { _ in } }?.reason == "it is no text in UTF-8")
      #expect(try error { $0.read("a\0b").addCallback { _ in } }?.reason.contains("zero byte") == true)
      #expect(try error { $0.read(folder.path).addCallback { _ in } }?.action == "read")
      #expect(try folder.names == ["large", "strange"])
    }

    @Test func `a failed atomic write leaves the old file and nothing beside it`() throws {
      let directory = folder.path + "/directory"
      mkdir(directory, 0o755)
      #expect(throws: FileError.self) { try withReactor { $0.files.write("x", to: directory) } }
      #expect(try folder.names == ["directory"])
      rmdir(directory)
    }

    @Test func `chunks come in order, one at a time, and a callback's failure ends them`() throws {
      let path = folder.file("chunks", String((0..<1000).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) }))
      var text = ""
      var isTaking = false
      try withReactor { reactor in
        reactor.files.forEachChunk(of: path, size: 64) { chunk in
          #expect(!isTaking && chunk.count <= 64)
          isTaking = true
          text += chunk.text
          return reactor.sleep(.milliseconds(1)).addCallback { isTaking = false }
        }
      }
      #expect(text.utf8.count == 1000 && text.hasPrefix("abc"))
      struct Enough: Error {}
      var count = 0
      #expect(throws: Enough.self) {
        try withReactor { reactor in
          reactor.files.forEachChunk(of: path, size: 64) { _ in
            count += 1
            throw Enough()
          }
        }
      }
      #expect(count == 1)
    }

    @Test func `a reading that is cancelled hands over no more`() throws {
      let path = folder.file("chunks", String(repeating: "x", count: 1000))
      var count = 0
      #expect(throws: CancelledError.self) {
        try withReactor { reactor in
          var reading: Deferred<Void>?
          let done = reactor.files.forEachChunk(of: path, size: 1) { _ in
            count += 1
            if count == 3 { reading?.cancel() }
            return .succeed()
          }
          reading = done
          return done
        }
      }
      #expect(count == 3)
    }

    @Test func `a task reads chunks, whole or in part`() async throws {
      let path = folder.file("stream", String(repeating: "x", count: 1_000_000))
      let thread = ReactorThread()
      let whole = try await thread.run { $0.files.chunks(of: path, size: 10_000) }
      var count = 0
      for try await chunk in whole { count += chunk.count }
      #expect(count == 1_000_000)
      let part = try await thread.run { $0.files.chunks(of: path, size: 10_000) }
      for try await _ in part { break }
      let missing = try await thread.run { $0.files.chunks(of: "/no/such/file") }
      await #expect(throws: FileError.self) { for try await _ in missing {} }
      await thread.stop()
    }

    @Test func `a writer has its file when it is closed, and nothing when it is released`() throws {
      let path = folder.path + "/written"
      try withReactor { reactor in
        let writer = reactor.files.writer(to: path)
        let writes = (0..<100).map { writer.write("\($0)\n") }
        return gatherResults(writes).addCallback { _ in
          let names = try folder.names
          #expect(names.first != "written")
          return writer.close()
        }
      }
      let text = try withReactor { $0.files.readText(path) }
      #expect(text == (0..<100).map { "\($0)\n" }.joined())
      try withReactor { reactor in reactor.files.writer(to: path).write("new") }
      // A thread releases it, perhaps a moment later.
      try withReactor { reactor in
        let alone = Deferred<Void>()
        func look() throws {
          if try folder.names == ["written"] { return alone.callback() }
          reactor.callLater(.milliseconds(1)) { try look() }
        }
        try look()
        return alone
      }
      let size = try withReactor { $0.files.size(of: path) }
      #expect(size == text.utf8.count)
      let error = #expect(throws: FileError.self) {
        try withReactor { $0.files.writer(to: "/no/such/directory/file").write("x") }
      }
      #expect(error?.path == "/no/such/directory/file")
    }

    @Test(arguments: [240, 251, 255]) func `a name may be as long as names can be`(length: Int) throws {
      let path = folder.path + "/" + String(repeating: "n", count: length)
      let (text, copied) = try withReactor { reactor in
        let files = reactor.files
        let writer = files.writer(to: path)
        return files.write("one", to: path).addCallback { files.copy(path, to: path) }
          .addCallback { count in
            writer.write("two").addCallback { writer.close() }
              .addCallback { files.readText(path) }.addCallback { ($0, count) }
          }
      }
      #expect(text == "two" && copied == 3)
      #expect(try folder.names == [String(repeating: "n", count: length)])
      let error = #expect(throws: FileError.self) {
        try withReactor { $0.files.write("x", to: path + String(repeating: "n", count: 16)) }
      }
      #expect(error?.errno == ENAMETOOLONG && error?.path.hasPrefix(path) == true)
    }

    @Test func `a name that is no UTF-8 is read, written, copied, looked at and removed`() throws {
      // "café" in Latin-1.
      let name: [UInt8] = Array("\(folder.path)/".utf8) + [0x63, 0x61, 0x66, 0xe9]
      let (text, copy, size, chunk, isLeft) = try withReactor { reactor in
        let files = reactor.files
        let copy = name + [0xff]
        let writer = files.writer(to: name)
        var chunk = ""
        return writer.write("one ").addCallback { writer.close() }
          .addCallback { files.append("two", to: name) }
          .addCallback { files.copy(name, to: copy) }
          .addCallback { _ in
            files.forEachChunk(of: copy) { piece in
              chunk += piece.text
              return .succeed()
            }
          }
          .addCallback {
            gather(files.readText(name), files.readText(copy), files.size(of: name))
          }
          .addCallback { text, copied, size in
            gatherResults([files.remove(name), files.remove(copy)]).addCallback { _ in files.exists(name) }
              .addCallback { (text, copied, size, chunk, $0) }
          }
      }
      #expect(text == "one two" && copy == text && chunk == text && size == 7 && !isLeft)
      let error = #expect(throws: FileError.self) { try withReactor { $0.files.read(name).addCallback { _ in } } }
      #expect(error?.path == "\(folder.path)/caf\u{fffd}" && error?.errno == ENOENT)
      // An array literal of bytes is a path too.
      #expect(throws: FileError.self) { try withReactor { $0.files.read([0x2f, 0xe9]).addCallback { _ in } } }
    }

    @Test func `the name of a part is that of the whole, and cut only where it must be`() {
      #expect(SystemPath("a/b").partial.description == "a/b.part")
      let longest = String(repeating: "n", count: 250)
      #expect(SystemPath("a/" + longest).partial.description == "a/" + longest + ".part")
      // 85 characters of three bytes each.
      let name = String(repeating: "\u{5b57}", count: 85)
      let partial = SystemPath("a/" + name).partial
      #expect(partial.systemBytes.count <= 2 + 255 && partial == SystemPath("a/" + name).partial)
      #expect(partial.description.hasPrefix("a/\u{5b57}") && partial.description.hasSuffix(".part"))
      #expect(!partial.description.contains("\u{fffd}"))
      #expect(partial != SystemPath("a/" + name.dropLast() + "abc").partial)
    }

    @Test func `a full disk, and a device that takes nothing, are errors in words`() throws {
      let link = folder.path + "/full"
      symlink("/dev/full", link)
      let writes: [(Files, String, String) -> Deferred<Void>] = [
        { $0.append($1, to: $2) }, { $0.write($1, to: $2, atomically: false) }, { $0.write($1, to: $2) },
      ]
      for write in writes {
        let error = #expect(throws: FileError.self) { try withReactor { write($0.files, "x", link) } }
        #expect(error?.errno == ENOSPC && error?.description == "write \(link): No space left on device")
      }
      let noDescriptor = FileError("open", "a", errno: EMFILE)
      #expect(noDescriptor.description.hasPrefix("open a: Too many open files: raise the limit"))
      let error = #expect(throws: FileError.self) {
        try withReactor { reactor in
          let writer = reactor.files.writer(to: link)
          return writer.write("x").addCallback { writer.close() }
        }
      }
      #expect(error?.errno == ENOSPC)
    }

    @Test func `a file larger than the process may write is an error, and a child is ended by it as ever`() async {
      await #expect(processExitsWith: .success) {
        let folder = TemporaryDirectory()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        limit.rlim_cur = 4096
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let path = folder.path + "/large"
        let bytes = [UInt8](repeating: 1, count: 10_000)
        let writes: [(Files) -> Deferred<Void>] = [
          { $0.write(bytes, to: path) }, { $0.write(bytes, to: path, atomically: false) },
          { $0.append(bytes, to: path) },
          { files in
            let writer = files.writer(to: path)
            return writer.write(bytes).addCallback { writer.close() }
          },
        ]
        for write in writes {
          do {
            try withReactor { write($0.files) }
            preconditionFailure("nothing failed")
          } catch let error as FileError {
            precondition(error.errno == EFBIG && error.reason.hasPrefix("File too large: more than the limit"))
          }
        }
        let output = try withReactor {
          $0.processOutput("sh", ["-c", "ulimit -c 0; exec head -c 10000 /dev/zero >\(path)"])
        }
        precondition(output.status == .signalled(SIGXFSZ), "\(output.status)")
      }
    }
  }
}
