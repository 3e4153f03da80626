import Foundation
import Swirl
import Testing

@testable import SwirlHTTPServer

@Suite(.serialized) struct StaticFilesTests {
  @Test func `a file has its type, length and validators`() throws {
    let bench = try FileBench()
    try bench.file("a.html", "<p>")
    let answer = try bench.ask(bench.files(), "/a.html")
    #expect(answer.status == 200 && answer.text == "<p>")
    #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
    #expect(answer.headers[.lastModified] == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(answer.headers[.acceptRanges] == "bytes")
    #expect(answer.headers[.eTag]?.hasPrefix("\"") == true)
  }

  @Test(arguments: [
    "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/a/../../secret.txt",
    "/..%5csecret.txt", "/a%5c..%5c..%5csecret.txt", "//secret.txt", "//etc/passwd", "/a//b.txt", "/%2fetc%2fpasswd",
    "/a.txt%00", "/a.txt%00.html", "/.hidden", "/a/.hidden", "/%2ehidden", "/./a.txt", "/a.txt/", "/missing",
    "/a.txt/b",
    "/link", "/up/secret.txt", "/inside", "/fifo", "/socket-less", "/%", "/%zz", "/a", "/%252e%252e/secret.txt",
    "/.%2e/secret.txt", "/a/%2e%2e/a.txt",
  ])
  func `no path leads out, and what is no file is not found`(path: String) throws {
    let bench = try FileBench()
    try bench.file("a.txt")
    try bench.file("a/b.txt")
    try bench.file(".hidden")
    try bench.file("a/.hidden")
    let folder = bench.folder
    let up = folder.deletingLastPathComponent().path
    for (name, target) in [("link", bench.outside.path), ("up", up), ("inside", "a.txt")] {
      try FileManager.default.createSymbolicLink(atPath: folder.appending(path: name).path, withDestinationPath: target)
    }
    try #require(mkfifo(folder.appending(path: "fifo").path, 0o600) == 0)
    let answer = try bench.ask(bench.files(), path)
    // A directory whose path has no slash is redirected to itself.
    #expect(answer.status == (path == "/a" ? 301 : 404))
    #expect(!answer.text.contains("secret") && !answer.text.contains("content"))
  }

  @Test func `links are followed on demand, and never out`() throws {
    let bench = try FileBench()
    try bench.file("a.txt", "inside")
    let folder = bench.folder
    let targets = [
      "in": "a.txt", "out": "../secret.txt", "absolute": bench.outside.path, "loop": "loop", "directory": "..",
    ]
    for (name, target) in targets {
      try FileManager.default.createSymbolicLink(atPath: folder.appending(path: name).path, withDestinationPath: target)
    }
    let files = bench.files { $0.followsLinks = true }
    #expect(try bench.ask(files, "/in").text == "inside")
    for path in ["/out", "/absolute", "/loop", "/directory/secret.txt"] {
      #expect(try bench.ask(files, path).status == 404)
    }
  }

  @Test func `a precompressed neighbour that is a link out is not sent`() throws {
    let bench = try FileBench()
    try bench.file("a.txt", "plain")
    try FileManager.default.createSymbolicLink(
      atPath: bench.folder.appending(path: "a.txt.gz").path, withDestinationPath: bench.outside.path)
    let answer = try bench.ask(bench.files { $0.precompressed = true }, "/a.txt", [.acceptEncoding: "gzip"])
    #expect(answer.text == "plain" && answer.headers[.contentEncoding] == nil)
  }

  @Test func `a directory beside an archive of its name is redirected, whatever the client accepts`() throws {
    let bench = try FileBench()
    try bench.file("docs/index.html", "pages")
    try bench.file("docs.gz", "archive")
    try bench.file("only.txt.gz", "only")
    let files = bench.files { $0.precompressed = true }
    for coding in ["gzip", "identity"] {
      let moved = try bench.ask(files, "/docs", [.acceptEncoding: coding])
      #expect(moved.status == 301 && moved.headers[.location] == "/docs/" && moved.headers[.contentEncoding] == nil)
    }
    // Here the answer is another one for each coding.
    for (coding, status) in [("gzip", 200), ("identity", 404)] {
      let answer = try bench.ask(files, "/only.txt", [.acceptEncoding: coding])
      #expect(answer.status == status && answer.headers[.vary] == "Accept-Encoding")
    }
  }

  @Test func `a listing of ten thousand names is made on a thread`() throws {
    let bench = try FileBench()
    for number in 0..<12_000 { try #require(close(creat(bench.folder.path + "/\(number).txt", 0o600)) == 0) }
    let page = try bench.ask(bench.files { $0.listsDirectories = true }, "/")
    #expect(page.text.split(separator: "<li>").count == 10_001 && page.text.contains("<a href=\"./1.txt\">"))
    // The lookup makes it, and refuses to on the reactor's thread.
    var configuration = StaticFiles.Configuration()
    configuration.listsDirectories = true
    for isCachedOnly in [true, false] {
      let lookup = FileLookup(
        root: try DirectoryRoot(SystemPath(bench.folder.path)), options: .init(isCachedOnly: isCachedOnly),
        configuration: configuration, requestPath: "/", codings: [])
      let found = Result { try lookup.find(try #require(FilePath("/", showsHidden: false))) }
      switch found {
      case .success(.listing(let bytes)): #expect(!isCachedOnly && bytes == page.bytes)
      case .failure(let error as DirectoryRootError): #expect(isCachedOnly && error.errno == EAGAIN)
      default: Issue.record("\(found)")
      }
    }
  }

  @Test func `names need not be text, and well-known ones are shown`() throws {
    let bench = try FileBench()
    try bench.file("ü b.txt", "umlaut")
    try bench.file(".well-known/acme", "token")
    let latin = Array((bench.folder.path + "/caf").utf8) + [0xE9]
    try bench.run { bench.reactor.files.write(Array("latin".utf8), to: latin) }
    let files = bench.files()
    #expect(try bench.ask(files, "/%C3%BC%20b.txt").text == "umlaut")
    #expect(try bench.ask(files, "/caf%E9").text == "latin")
    #expect(try bench.ask(files, "/.well-known/acme").text == "token")
    try bench.file(".env", "shown")
    #expect(try bench.ask(bench.files { $0.showsHiddenFiles = true }, "/.env").text == "shown")
  }

  @Test func `a directory is its index, behind a slash`() throws {
    let bench = try FileBench()
    try bench.file("index.html", "top")
    try bench.file("sub/index.html", "below")
    try bench.file("empty/x.txt")
    let files = bench.files()
    #expect(try bench.ask(files, "/").text == "top")
    #expect(try bench.ask(files, "/sub/").text == "below")
    let moved = try bench.ask(files, "/sub?a=b")
    #expect(moved.status == 301 && moved.headers[.location] == "/sub/?a=b")
    #expect(try bench.ask(files, "/empty/").status == 404)
    #expect(try bench.ask(bench.files { $0.index = nil }, "/").status == 404)
  }

  @Test func `a prefix is not part of names`() throws {
    let bench = try FileBench()
    try bench.file("a.txt")
    try bench.file("sub/index.html", "below")
    for prefix in ["/static", "/static/"] {
      let files = bench.files(at: prefix)
      #expect(try bench.ask(files, "/static/a.txt").status == 200)
      #expect(try bench.ask(files, "/a.txt").status == 404)
      #expect(try bench.ask(files, "/statica.txt").status == 404)
      #expect(try bench.ask(files, "/static").headers[.location] == "/static/")
      #expect(try bench.ask(files, "/static/sub").headers[.location] == "/static/sub/")
    }
  }

  @Test func `a listing is escaped, and off by default`() throws {
    let bench = try FileBench()
    try bench.file("<b>&.txt")
    try bench.file("a:b.txt")
    try bench.file(".hidden")
    try bench.file("sub/x.txt")
    #expect(try bench.ask(bench.files(), "/").status == 404)
    let page = try bench.ask(bench.files { $0.listsDirectories = true }, "/")
    #expect(page.headers[.contentType] == "text/html; charset=utf-8")
    #expect(page.text.contains("<a href=\"./%3Cb%3E%26.txt\">&lt;b&gt;&amp;.txt</a>"))
    #expect(page.text.contains("<a href=\"./a%3Ab.txt\">a:b.txt</a>"))
    #expect(page.text.contains("<a href=\"./sub/\">sub/</a>"))
    #expect(!page.text.contains("hidden") && !page.text.contains("../"))
    #expect(try bench.ask(bench.files { $0.listsDirectories = true }, "/sub/").text.contains("href=\"../\""))
  }

  @Test func `a listing and a redirect have the Cache-Control of files`() throws {
    let bench = try FileBench()
    try bench.file("sub/x.txt")
    for value in [nil, "no-cache"] {
      let files = bench.files {
        $0.listsDirectories = true
        $0.cacheControl = value
      }
      for path in ["/", "/sub", "/sub/x.txt"] {
        #expect(try bench.ask(files, path).headers[.cacheControl] == value, "\(path)")
      }
    }
  }

  @Test func `another method is not allowed, and HEAD has no content`() throws {
    let bench = try FileBench()
    try bench.file("a.txt")
    let refused = try bench.ask(bench.files(), "/a.txt", method: .post)
    #expect(refused.status == 405 && refused.headers[.allow] == "GET, HEAD")
    let files = bench.files()
    let response = try bench.fetch(
      HTTPServer { files.respond(to: $0) }, [("/a.txt", .head, [.range: "bytes=0-1"])])[0]
    #expect(response.status == .ok && response.headers[.contentLength] == "7" && response.body.isEmpty)
  }

  @Test func `conditions are answered`() throws {
    let bench = try FileBench()
    try bench.file("a.txt")
    let files = bench.files { $0.cacheControl = "max-age=60" }
    let tag = try #require(try bench.ask(files, "/a.txt").headers[.eTag])
    let same = try bench.ask(files, "/a.txt", [.ifNoneMatch: tag])
    #expect(same.status == 304 && same.bytes.isEmpty && same.headers[.eTag] == tag)
    #expect(same.headers[.cacheControl] == "max-age=60" && same.headers[.contentType] == nil)
    #expect(try bench.ask(files, "/a.txt", [.ifModifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT"]).status == 304)
    #expect(try bench.ask(files, "/a.txt", [.ifMatch: "\"other\""]).status == 412)
    try bench.file("a.txt", "changed")
    #expect(try bench.ask(files, "/a.txt", [.ifNoneMatch: tag]).status == 304)
    try bench.file("a.txt", "changed", modified: 784_111_778)
    #expect(try bench.ask(files, "/a.txt", [.ifNoneMatch: tag]).status == 200)
  }

  @Test func `ranges are answered from small and large files alike`() throws {
    let bench = try FileBench()
    for size in [1000, 200_000] {
      let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) }
      try bench.file("a.bin", content)
      let files = bench.files()
      let part = try bench.ask(files, "/a.bin", [.range: "bytes=10-\(size - 11)"])
      #expect(part.status == 206 && part.bytes == Array(content[10..<size - 10]))
      #expect(part.headers[.contentRange] == "bytes 10-\(size - 11)/\(size)")
      let none = try bench.ask(files, "/a.bin", [.range: "bytes=\(size)-"])
      #expect(none.status == 416 && none.headers[.contentRange] == "bytes */\(size)")
      let several = try bench.ask(files, "/a.bin", [.range: "bytes=0-1,-2"])
      let type = try #require(several.headers[.contentType])
      let boundary = String(type.dropFirst("multipart/byteranges; boundary=".count))
      func head(_ range: String) -> [UInt8] {
        Array("--\(boundary)\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes \(range)\r\n\r\n".utf8)
      }
      let (first, last) = (head("0-1/\(size)"), head("\(size - 2)-\(size - 1)/\(size)"))
      let line = Array("\r\n".utf8)
      let end = line + Array("--\(boundary)--\r\n".utf8)
      let parts = first + content.prefix(2) + line + last + content.suffix(2) + end
      #expect(several.status == 206 && several.bytes == parts)
      let tag = try #require(part.headers[.eTag])
      #expect(try bench.ask(files, "/a.bin", [.range: "bytes=0-1", .ifRange: tag]).status == 206)
      #expect(try bench.ask(files, "/a.bin", [.range: "bytes=0-1", .ifRange: "W/\(tag)"]).status == 200)
    }
  }

  @Test func `the best neighbour that the client accepts is sent, with its own tag`() throws {
    let bench = try FileBench()
    try bench.file("a.js", "plain")
    try bench.file("a.js.gz", "zipped")
    try bench.file("a.js.br", "brotli")
    let files = bench.files { $0.precompressed = true }
    let plain = try bench.ask(files, "/a.js")
    #expect(
      plain.text == "plain" && plain.headers[.vary] == "Accept-Encoding" && plain.headers[.contentEncoding] == nil)
    let zipped = try bench.ask(files, "/a.js", [.acceptEncoding: "gzip, zstd"])
    #expect(zipped.text == "zipped" && zipped.headers[.contentEncoding] == "gzip")
    #expect(zipped.headers[.contentType] == "text/javascript; charset=utf-8")
    #expect(zipped.headers[.eTag] != plain.headers[.eTag])
    #expect(try bench.ask(files, "/a.js", [.acceptEncoding: "gzip, br"]).text == "brotli")
    #expect(try bench.ask(files, "/a.js", [.acceptEncoding: "gzip;q=0, br;q=0"]).text == "plain")
    let part = try bench.ask(files, "/a.js", [.acceptEncoding: "gzip", .range: "bytes=0-1"])
    #expect(part.status == 206 && part.text == "zi" && part.headers[.contentEncoding] == "gzip")
  }

  @Test func `a directory that is missing, and then there, is served`() throws {
    let bench = try FileBench()
    let files = StaticFiles(bench.folder.appending(path: "later").path)
    #expect(try bench.ask(files, "/a.txt").status == 404)
    try bench.file("later/a.txt")
    #expect(try bench.ask(files, "/a.txt").status == 200)
  }
}
