// A callback on async code: a task that is a Deferred, told of when it is done. asyncio: add_done_callback.
import Swirl

/// Any async function.
@MainActor func length(of url: String) async throws -> Int {
  let page = try await fetch(url)
  try await Task.sleep(for: .milliseconds(10))
  return try page.raiseForStatus().body.count
}

let server = HTTPServer { request in
  request.path == "/missing" ? .text("no such page", status: .notFound) : .text("this is \(request.path)")
}
let url = "http://\(try server.listen(0).localAddress)"

/// What is called for each when it is done, whatever came of it.
@MainActor func done(_ path: String, _ result: Result<Int, any Error>) {
  switch result {
  case .success(let count): print("\(path) has \(count) bytes")
  case .failure(let error): print("\(path) failed: \(error)")
  }
}

let tasks = ["/a", "/longer", "/missing"].map { path in
  Deferred { try await length(of: url + path) }
    .addBoth { result in done(path, result) }
}

DeferredList(tasks).addBoth { _ in
  print("all done")
  reactor.stop()
}
reactor.run()
