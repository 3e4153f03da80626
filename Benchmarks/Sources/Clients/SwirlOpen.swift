import Measure
import Swirl

/// Requests that are due at a fixed rate, one closure each.
@MainActor func swirlOpen(_ load: Load, _ requests: OpenRequests) {
  let client = client(for: load)
  let request = request(of: load)

  func poll() {
    while let due = requests.next() {
      client.fetch(request) { result in
        let page = try result.get()
        requests.complete(due: due, status: page.status.code, length: page.body.count)
      }
    }
    if requests.isOver { reactor.stop() } else { reactor.callSoon { poll() } }
  }
  poll()
  reactor.run()
}
