// Fetches JSON pages, and writes each to a file as it arrives. Threads write the files, so that the loop never blocks
// on the disk.
// Answers to: aiofiles beside aiohttp.
// Run: `swift run SaveJSON`.
import Glibc
import Swirl

struct Planet: Codable {
  let name: String
  let moons: Int
}

/// A local server with a page for each planet.
let planets = [Planet(name: "Earth", moons: 1), Planet(name: "Mars", moons: 2), Planet(name: "Neptune", moons: 16)]
let server = HTTPServer { request in
  guard let planet = planets.first(where: { "/\($0.name)" == request.path }) else {
    return .text("no such planet", status: .notFound)
  }
  return try .json(planet)
}
let address = try server.listen(0).localAddress

var template = Array("/tmp/planets-XXXXXX".utf8CString)
let directory = String(cString: mkdtemp(&template))

let files = planets.map { planet in
  fetch("http://\(address)/\(planet.name)").addCallback { page in
    let path = "\(directory)/\(planet.name).json"
    // Atomically: a concurrent reader sees the whole file or no file.
    return reactor.files.write(page.body, to: path).addCallback { path }
  }
}
gatherResults(files)
  .addCallback { paths in
    gatherResults(paths.map { path in reactor.files.size(of: path).addCallback { (path, $0 ?? 0) } })
  }
  .addCallback { sizes in
    for (path, size) in sizes { print("\(path.split(separator: "/").last!): \(size) bytes") }
    return gatherResults(sizes.map { path, _ in reactor.files.remove(path) })
  }
  .addErrback { error in
    print(error)
    return []
  }
  .addBoth { _ in
    rmdir(directory)
    reactor.stop()
  }
reactor.run()
