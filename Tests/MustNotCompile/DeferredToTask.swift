import Swirl

// A Deferred must be awaited on its own thread, not sent to another task.
@MainActor func program() {
  let page: Deferred<HTTPClient.Response> = fetch("http://127.0.0.1/")
  Task.detached { try await page.value }  // expect: sending
  page.cancel()
}
