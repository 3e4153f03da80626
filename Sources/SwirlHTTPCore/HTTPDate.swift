/// HTTP dates: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
package enum HTTPDate {
  package static func format(_ seconds: Int) -> String {
    let days = (seconds - seconds.mod(86_400)) / 86_400
    let time = seconds.mod(86_400)
    let (year, month, day) = civil(days)
    return """
      \(weekdays[(days + 4).mod(7)]), \(two(day)) \(months[month - 1]) \(four(year)) \
      \(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT
      """
  }

  /// The last second that the format can express.
  package static let last = 253_402_300_799

  /// Like ``parse(_:)``, and also accepts the two obsolete forms: `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov 6
  /// 08:49:37 1994` (RFC 9110 §5.6.7).
  /// - Parameter now: seconds since 1970. A two-digit year means the latest such year that is at most fifty years in
  ///   the future.
  package static func parseAny(_ text: String, now: Int) -> Int? {
    if let seconds = parse(text) { return seconds }
    var parts = text.split(separator: " ")
    if parts.count == 5 { return parse("\(parts[0]), \(parts[2]) \(parts[1]) \(parts[4]) \(parts[3]) GMT") }
    guard parts.count == 4 else { return nil }
    let day = parts.remove(at: 1).split(separator: "-", omittingEmptySubsequences: false)
    guard day.count == 3, day[2].count == 2, let year = Int(day[2]), year >= 0 else { return nil }
    func inCentury(_ century: Int) -> Int? {
      parse("\(parts[0]) \(day[0]) \(day[1]) \(century + year) \(parts[1]) \(parts[2])")
    }
    // More than fifty years in the future means the previous century.
    guard let seconds = inCentury(2000) else { return nil }
    return seconds > now + 50 * 31_556_952 ? inCentury(1900) : seconds
  }

  /// The seconds since 1970 of a date in the current format; nil for anything else.
  package static func parse(_ text: String) -> Int? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT", let day = Int(parts[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3]), (1...9999).contains(year)
    else { return nil }
    let time = parts[4].split(separator: ":").compactMap { Int($0) }
    guard time.count == 3, (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2]) else {
      return nil
    }
    return days(year, month + 1, day) * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  private static func four(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 4 - "\(number)".count)) + "\(number)"
  }

  /// The Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the leap day is a
  /// year's last; 400 of them have 146,097 days.
  private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let dayOfEra = shifted.mod(146_097)
    let era = (shifted - dayOfEra) / 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// The inverse of `civil`: the day of a date, counted from 1970-01-01.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let yearOfEra = year.mod(400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return (year - yearOfEra) / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension Int {
  /// The non-negative remainder.
  fileprivate func mod(_ divisor: Int) -> Int {
    let rest = self % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
