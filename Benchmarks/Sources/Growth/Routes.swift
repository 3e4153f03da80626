import Measure
import Swirl

/// A router of so many routes, half of them with a parameter.
@MainActor func growingRouter(_ size: Int) throws {
  let operations = 200_000
  var add = Phase("add a route"), first = Phase("the first match, for each route")
  let before = residentKiB("VmRSS")
  var router = Router()
  let targets = (0..<size).map { $0 % 2 == 0 ? "/group\($0)/42/items" : "/pages/page\($0)" }
  let requests = try targets.prefix(10_000).map { try HTTPServer.Request($0) }
  for round in 0..<rounds(size, of: 20_000) {
    router = Router()
    add.measure(size) {
      for number in 0..<size {
        router.get(number % 2 == 0 ? "/group\(number)/{id}/items" : "/pages/page\(number)") { _ in .status(.noContent) }
      }
    }
    // Then it is compiled.
    first.measure(size) { use(HTTPServer(router).respond(to: requests[0])) }
    if round == 0 { add.note(size, heldSince: before) }
  }
  add.send()
  first.send()
  let server = HTTPServer(router)
  var match = Phase("a request"), none = Phase("a request without a route")
  var numbers = Numbers()
  var found = 0
  match.measure(operations) {
    for _ in 0..<operations {
      server.respond(to: requests[numbers.next(below: requests.count)]).addCallback {
        if $0.status == .noContent { found += 1 }
      }
    }
  }
  if found != operations { fail("\(operations - found) requests found no route") }
  match.send()
  let stranger = try HTTPServer.Request("/pages/stranger")
  none.measure(operations) { for _ in 0..<operations { use(server.respond(to: stranger)) } }
  none.send()
}
