/// The Retry-After field (RFC 9110 §10.2.3): a number of seconds, or a date.
package struct RetryAfter {
  package let delay: Duration

  package init?(_ value: String, now: Int) {
    if let seconds = Int(value), seconds >= 0 {
      delay = .seconds(seconds)
    } else if let date = HTTPDate.parse(value) {
      delay = .seconds(max(0, date - now))
    } else {
      return nil
    }
  }
}
