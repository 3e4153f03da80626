import Measure
import Swirl

/// A jar with a cookie of each of so many domains. It holds about 3,000, so with more it evicts.
@MainActor func growingJar(_ size: Int) {
  let operations = 20_000
  let urls = (0..<size).map { "https://www.example\($0).com/shop/cart" }
  let insecure = (0..<size).map { "http://www.example\($0).com/shop/cart" }
  var fill = Phase("a cookie of a new domain")
  let before = residentKiB("VmRSS")
  var jar = CookieJar()
  for round in 0..<rounds(size, of: operations) {
    jar = CookieJar()
    fill.measure(size) {
      for url in urls { jar.store(setCookie: "session=0123456789abcdef; Path=/; Secure; HttpOnly", from: url) }
    }
    if round == 0 { fill.note(size, heldSince: before) }
  }
  fill.send()
  var numbers = Numbers()
  var header = Phase("cookies for a request")
  header.measure(operations) {
    for _ in 0..<operations { use(jar.cookieHeader(for: urls[numbers.next(below: size)])) }
  }
  header.send()
  var replace = Phase("a cookie replaced")
  replace.measure(operations) {
    for _ in 0..<operations {
      jar.store(setCookie: "session=fedcba9876543210; Path=/; Secure", from: urls[numbers.next(below: size)])
    }
  }
  replace.send()
  // It must not replace a secure one, of its domain or of one above or below.
  var shadowing = Phase("a cookie over http, beside secure ones")
  shadowing.measure(operations) {
    for _ in 0..<operations {
      jar.store(setCookie: "session=fedcba9876543210; Path=/", from: insecure[numbers.next(below: size)])
    }
  }
  shadowing.send()
}
