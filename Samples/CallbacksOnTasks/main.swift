// A callback on async code: a task as a Deferred, which fires when the task is done.
// Answers to: asyncio's add_done_callback.
// Run: `swift run CallbacksOnTasks`.
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

/// Called for each task when it is done, with its value or error.
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
