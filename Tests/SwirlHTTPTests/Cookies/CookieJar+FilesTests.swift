import Foundation
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension CookieTests {
  @Suite struct FilesTests {
    let bench = JarBench()

    /// A directory that is removed after `body`.
    func inDirectory(_ body: (String) throws -> Void) throws {
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
        "swirl-cookies-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: directory) }
      try body(directory.path)
    }

    @Test(arguments: [CookieJar.Format.json, .netscape])
    func `what is saved is loaded, and the format is seen by itself`(format: CookieJar.Format) throws {
      try inDirectory { directory in
        bench.store("a=b; Max-Age=9; Domain=example.com", "c=d; Secure; Path=/x", "e=ü")
        try bench.jar.save(to: "\(directory)/jar", as: format)
        let again = JarBench()
        try again.jar.load(from: "\(directory)/jar")
        #expect(again.jar.cookies == bench.jar.cookies)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["jar"])
      }
    }

    @Test func `a jar's file may have the longest name there is`() throws {
      try inDirectory { directory in
        let name = String(repeating: "n", count: 255)
        try bench.jar.save(to: "\(directory)/\(name)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [name])
      }
    }

    /// RFC 6265bis §4.2: a cookie is octets.
    @Test(arguments: [CookieJar.Format.json, .netscape])
    func `cookies that are not UTF-8 are saved and loaded byte for byte`(format: CookieJar.Format) throws {
      try inDirectory { directory in
        let pairs: [[UInt8]] = [
          Array("a=caf".utf8) + [0xE9], Array("caf".utf8) + [0xE9, 0x3D, 0x62], Array("caf".utf8) + [0xE8, 0x3D, 0x63],
          [0xFF],
        ]
        for pair in pairs { bench.jar.store(setCookie: pair, from: "https://example.com/") }
        #expect(bench.jar.cookies.count == 4, "names that look the same are not")
        try bench.jar.save(to: "\(directory)/jar", as: format)
        let again = JarBench()
        try again.jar.load(from: "\(directory)/jar")
        let sent = Array(pairs.joined(separator: "; ".utf8))
        for jar in [bench.jar, again.jar] {
          #expect(jar.cookieBytes(for: "https://example.com/", method: .get) == sent)
          #expect(jar.cookieHeader(for: "https://example.com/") == String(decoding: sent, as: UTF8.self))
        }
        again.jar.store(setCookie: pairs[1] + Array("; Max-Age=0".utf8), from: "https://example.com/")
        #expect(again.jar.cookies.map(\.pairBytes) == [pairs[0], pairs[2], pairs[3]])
      }
    }

    @Test func `only the owner can read the file, whatever could read the old one`() throws {
      try inDirectory { directory in
        let path = "\(directory)/jar"
        _ = FileManager.default.createFile(
          atPath: path, contents: Data("old".utf8), attributes: [.posixPermissions: 0o644])
        try bench.jar.save(to: path)
        let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(permissions == 0o600)
      }
    }

    @Test func `what is no regular file is written in place`() throws {
      try inDirectory { directory in
        // A link, so that a jar that is renamed over it replaces the link alone.
        let path = "\(directory)/null"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
        try bench.jar.save(to: path)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "/dev/null")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["null"])
      }
    }

    @Test func `loading adds to the jar and replaces what is the same`() throws {
      try inDirectory { directory in
        bench.store("a=1", "b=2")
        try bench.jar.save(to: "\(directory)/jar", as: .netscape)
        bench.store("a=3", "c=4")
        try bench.jar.load(from: "\(directory)/jar")
        #expect(bench.jar.cookies.map(\.pair) == ["a=1", "b=2", "c=4"])
      }
    }

    @Test func `what cannot be read or written is an error with the path, and nothing is left behind`() throws {
      try inDirectory { directory in
        func check(_ code: CookieError.Code, _ errno: Int32?, _ body: () throws -> Void) {
          do {
            try body()
            Issue.record("it went well")
          } catch let error as CookieError {
            #expect(error.code == code && errno.map { $0 == error.errno } ?? true && !error.reason.isEmpty, "\(error)")
            #expect(error.path != nil && "\(error)".contains("\(code)"))
          } catch {
            Issue.record(error)
          }
        }
        bench.store("a=b")
        check(.cannotRead, ENOENT) { try bench.jar.load(from: "\(directory)/none") }
        check(.cannotRead, EISDIR) { try bench.jar.load(from: directory) }
        check(.cannotWrite, ENOENT) { try bench.jar.save(to: "\(directory)/none/jar") }
        try FileManager.default.createDirectory(atPath: "\(directory)/full/x", withIntermediateDirectories: true)
        check(.cannotWrite, nil) { try bench.jar.save(to: "\(directory)/full") }
        for path in ["", "\(directory)/a\0b"] {
          check(.cannotRead, 0) { try bench.jar.load(from: path) }
          check(.cannotWrite, 0) { try bench.jar.save(to: path) }
        }
        for text in ["hello", "{\"version\":1", "\u{0}\u{1}"] {
          try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/bad"))
          check(.malformed, 0) { try bench.jar.load(from: "\(directory)/bad") }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["bad", "full"])
        #expect(bench.jar.cookies.count == 1)
      }
    }

    @Test func `bytes that are no text do no harm`() throws {
      try inDirectory { directory in
        var bytes = Data("x.example\tFALSE\t/\tFALSE\t0\ta\t".utf8)
        bytes.append(contentsOf: [0xFF, 0xFE, 0x0A])
        try bytes.write(to: URL(fileURLWithPath: "\(directory)/jar"))
        try bench.jar.load(from: "\(directory)/jar")
        #expect(try bench.only().value == "\u{FFFD}\u{FFFD}")
      }
    }
  }
}
