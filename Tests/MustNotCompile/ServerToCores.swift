import Swirl

// Each reactor of a group makes its own server, on its thread: one cannot be shared, nor the state of its handlers.
@MainActor func program(_ group: ReactorGroup) {
  let server = HTTPServer { _ in .text("hello") }
  group.listen(8080) { server }  // expect: non-Sendable type 'HTTPServer'
  var count = 0
  group.listen(8081) {
    count += 1  // expect: concurrently-executing code
    return HTTPServer { _ in .text("hello") }
  }
}
