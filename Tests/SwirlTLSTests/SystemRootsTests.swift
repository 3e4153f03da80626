import Foundation
import SwirlReactor
import Testing

@testable import SwirlNet
@testable import SwirlTLS

/// Each in a process of its own, because they change the environment.
@Suite struct SystemRootsTests {
  @Test func `a FIFO in SSL_CERT_FILE is an error: to open it would wait for a writer`() async {
    await #expect(processExitsWith: .success) {
      try inFolder { folder in
        mkfifo("\(folder)/fifo", 0o600)
        for path in ["\(folder)/fifo", "/dev/zero", "/"] {
          setenv("SSL_CERT_FILE", path, 1)
          #expect { try TLSContext.of(Reactor(), TLSConfiguration(), .client) } throws: {
            "\($0)".hasPrefix("set up TLS with \(path): SSL_CERT_FILE names it, and it is no regular file")
          }
        }
      }
    }
  }

  @Test func `a file in SSL_CERT_FILE that never ends is an error`() async {
    await #expect(processExitsWith: .success) {
      try inFolder { folder in
        let path = "\(folder)/sparse"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        truncate(path, 1 << 40)
        setenv("SSL_CERT_FILE", path, 1)
        #expect { try TLSContext.of(Reactor(), TLSConfiguration(), .client) } throws: {
          "\($0)".contains("it is no regular file of at most 16 MiB")
        }
      }
    }
  }

  @Test func `SSL_CERT_FILE may name no file, or one without certificates`() async {
    await #expect(processExitsWith: .success) {
      try inFolder { folder in
        for path in ["\(folder)/missing", "\(folder)/empty"] {
          if path.hasSuffix("empty") { _ = FileManager.default.createFile(atPath: path, contents: nil) }
          setenv("SSL_CERT_FILE", path, 1)
          _ = try TLSContext.of(Reactor(), TLSConfiguration(), .client)
        }
      }
    }
  }

  @Test func `a FIFO under a hashed name in one of the folders of SSL_CERT_DIR is an error`() async {
    await #expect(processExitsWith: .success) {
      try inFolder { folder in
        setenv("SSL_CERT_DIR", "/missing:\(folder)", 1)
        mkfifo("\(folder)/fifo", 0o600)
        _ = try TLSContext.of(Reactor(), TLSConfiguration(), .client)
        mkfifo("\(folder)/0123abcd.0", 0o600)
        #expect { try TLSContext.of(Reactor(), TLSConfiguration(), .client) } throws: {
          "\($0)".hasPrefix("set up TLS with \(folder)/0123abcd.0: SSL_CERT_DIR names it")
        }
      }
    }
  }

  @Test func `a FIFO in OPENSSL_CONF is an error, and is not opened`() async {
    await #expect(processExitsWith: .success) {
      try inFolder { folder in
        mkfifo("\(folder)/fifo", 0o600)
        setenv("OPENSSL_CONF", "\(folder)/fifo", 1)
        OpenSSL.isReady
        #expect { try TLSContext.of(Reactor(), TLSConfiguration(), .client) } throws: {
          "\($0)".hasPrefix("set up TLS with \(folder)/fifo: OPENSSL_CONF names it")
        }
      }
    }
  }

  @Test(arguments: [
    ("9d66eef0.0", true), ("9d66eef0.r12", true), ("9d66eef0.", false), ("9d66eef0.r", false), ("9d66eef0.0a", false),
    ("9d66eef.0", false), ("9d66eef0", false), ("9d66eef0.0.0", false), ("", false),
  ])
  func `the names that OpenSSL looks for`(_ name: String, isHashed: Bool) {
    #expect(SystemRoots.isHashed(name) == isHashed)
  }
}

/// Calls `body` with a new folder, which is removed afterwards.
private func inFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swirl-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}
