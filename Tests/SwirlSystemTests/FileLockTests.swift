import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct FileLockTests {
    @Test func `a lock is exclusive, and passed on when it is released`() throws {
      let folder = TemporaryDirectory()
      let path = folder.path + "/lock"
      var order: [String] = []
      try withReactor { reactor in
        let files = reactor.files
        return files.lock(path).addCallback { first -> Deferred<Void> in
          order.append("first")
          let second = files.lock(path).addCallback { lock in
            order.append("second")
            lock.release()
            lock.release()
          }
          return files.tryLock(path).addCallback { #expect($0 == nil) }.addCallback { reactor.sleep(.milliseconds(10)) }
            .addCallback {
              order.append("released")
              first.release()
              return second
            }
        }
      }
      #expect(order == ["first", "released", "second"])
    }

    @Test func `shared locks stand beside each other, and against an exclusive one`() throws {
      let folder = TemporaryDirectory()
      let path = folder.path + "/lock"
      try withReactor { reactor in
        let files = reactor.files
        return gather(files.lock(path, shared: true), files.tryLock(path, shared: true)).addCallback { first, second in
          #expect(second != nil)
          return files.tryLock(path).addCallback { exclusive in
            #expect(exclusive == nil)
            first.release()
            second?.release()
            return files.tryLock(path).addCallback { #expect($0 != nil) }
          }
        }
      }
    }

    @Test func `another process holds it, until it ends`() throws {
      let folder = TemporaryDirectory()
      let path = folder.file("lock", "")
      try withReactor { reactor in
        let holder = try reactor.spawnProcess(
          "flock", [path, "sh", "-c", "echo held; exec sleep 1000"], standardOutput: .pipe, hasOwnGroup: true)
        let held = Deferred<Void>()
        holder.standardOutput.forEach { _ in held.callback() }
        holder.ended.addBoth { _ in }
        return held.addCallback { reactor.files.lock(path, timeout: .milliseconds(30)) }.addBoth { result in
          let error = #expect(throws: TimeoutError.self) { try result.get() }
          #expect(error?.description == "the lock on \(path) did not end within 0.03 seconds")
          holder.kill(SIGKILL)
          return reactor.files.lock(path, timeout: .seconds(30))
        }.addCallback { $0.release() }
      }
    }

    @Test func `cancelling ends the wait, and takes no lock`() throws {
      let folder = TemporaryDirectory()
      let path = folder.path + "/lock"
      try withReactor { reactor in
        let files = reactor.files
        return files.lock(path).addCallback { first -> Deferred<Void> in
          let second = files.lock(path)
          return reactor.sleep(.milliseconds(5)).addCallback { () -> Deferred<Void> in
            second.cancel()
            second.addBoth { result in #expect(throws: CancelledError.self) { try result.get() } }
            first.release()
            return files.lock(path, timeout: .seconds(30)).addCallback { $0.release() }
          }
        }
      }
    }

    @Test func `a lock that is dropped is free, and a file that was replaced has another`() throws {
      let folder = TemporaryDirectory()
      let path = folder.path + "/lock"
      try withReactor { reactor in
        let files = reactor.files
        return files.lock(path).addCallback { _ in }.addCallback { files.lock(path, timeout: .seconds(30)) }
          .addCallback { lock in
            unlink(path)
            return files.tryLock(path).addCallback { other in
              #expect(other != nil)
              lock.release()
            }
          }
      }
    }

    @Test func `a file that cannot be opened is an error`() throws {
      #expect {
        try withReactor { $0.files.lock("/no/such/directory/lock") }
      } throws: { ($0 as? FileError)?.errno == ENOENT }
    }

    #if os(Linux)
    @Test func `a released lock is free although a child that is being made has a copy of it`() throws {
      let folder = TemporaryDirectory()
      let path = folder.path + "/lock"
      try withReactor { reactor in
        let files = reactor.files
        return files.lock(path).addCallback { lock -> Deferred<Void> in
          let number = (3..<Int32(4096)).first { number in
            var name = [UInt8](repeating: 0, count: 4096)
            let count = name.withUnsafeMutableBytes { readlink("/proc/self/fd/\(number)", $0.baseAddress!, $0.count) }
            return count > 0 && String(decoding: name.prefix(count), as: UTF8.self).hasSuffix(path)
          }
          let copy = dup(try #require(number))
          lock.release()
          return files.tryLock(path).addCallback { again in
            #expect(again != nil)
            close(copy)
          }
        }
      }
    }
    #endif
  }
}
