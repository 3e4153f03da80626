// Serves a folder: pages, pictures, the documentation that `Scripts/docs` builds.
// Answers to: Python's `python3 -m http.server`; Tornado's StaticFileHandler.
// Run: `swift run FileServer FOLDER [PORT]`.
//
// It answers HEAD, and 304 if the copy of the client is current. It leaves out ranges, and files beyond memory.
import Foundation
import Swirl

let arguments = Array(CommandLine.arguments.dropFirst())
let root = URL(filePath: arguments.first ?? ".").resolvingSymlinksInPath()
let port = arguments.dropFirst().first.flatMap { Int($0) } ?? 0

let types = [
  "css": "text/css", "html": "text/html; charset=utf-8", "ico": "image/vnd.microsoft.icon", "jpg": "image/jpeg",
  "js": "text/javascript", "json": "application/json", "png": "image/png", "svg": "image/svg+xml",
  "txt": "text/plain; charset=utf-8", "woff2": "font/woff2",
]

struct Page: Sendable {
  var bytes: [UInt8]
  var type: String
  var tag: String
}

/// The file of a request's path, or the `index.html` of a folder; nil if it does not exist or is outside of `root`.
/// Blocks, so a thread calls it.
@Sendable func load(_ components: [String], below root: URL, _ types: [String: String]) throws -> Page? {
  // A component that is decoded may be "..", or have a slash in it.
  guard components.allSatisfy({ $0 != ".." && !$0.contains("/") && !$0.contains("\0") }) else { return nil }
  var file = components.reduce(root) { $0.appending(path: $1) }.resolvingSymlinksInPath()
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) else { return nil }
  if isFolder.boolValue { file = file.appending(path: "index.html").resolvingSymlinksInPath() }
  guard file.path.hasPrefix(root.path + "/"), FileManager.default.isReadableFile(atPath: file.path) else { return nil }
  let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
  // A FIFO would hold the thread for ever.
  guard attributes[.type] as? FileAttributeType == .typeRegular else { return nil }
  let modified = attributes[.modificationDate] as? Date
  let bytes = Array(try Data(contentsOf: file))
  let tag = "\"\(bytes.count)-\(modified?.timeIntervalSince1970 ?? 0)\""
  return Page(bytes: bytes, type: types[file.pathExtension] ?? "application/octet-stream", tag: tag)
}

let server = HTTPServer { [root, types] request in
  guard request.method == .get || request.method == .head else {
    return Deferred.succeed(HTTPServer.Response.status(.methodNotAllowed).with(.allow, "GET, HEAD"))
  }
  let components = request.pathComponents
  return reactor.deferToThread { try load(components, below: root, types) }.addCallback { page in
    guard let page else { return .text("no such page\n", status: .notFound) }
    if request[.ifNoneMatch] == page.tag { return .status(.notModified).with(.eTag, page.tag) }
    return .bytes(page.bytes, type: page.type).with(.eTag, page.tag)
  }
}
print("\(root.path) is at http://\(try server.listen(port).localAddress)/")
reactor.run()
