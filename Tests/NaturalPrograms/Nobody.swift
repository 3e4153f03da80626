import Swirl

/// A nonisolated async function with child tasks: each `fetch` finds a reactor by itself.
nonisolated func nobody(_ base: String, on thread: ReactorThread) async throws -> [String] {
  async let one = fetch("\(base)/one")
  async let two = thread.run { _ in fetch("\(base)/two").addCallback(\.text) }
  var lines = [try await one.text, try await two]
  lines += try await withThrowingTaskGroup(of: String.self) { group in
    for path in ["/p", "/q"] { group.addTask { try await fetch(base + path).text } }
    var pages: [String] = []
    for try await page in group { pages.append(page) }
    return pages.sorted()
  }
  let streamed = try await thread.run { _ in HTTPClient.shared.stream(HTTPClient.Request("\(base)/streamed")) }
  for try await bytes in streamed.body { lines.append(String(decoding: bytes, as: UTF8.self)) }
  return lines
}
