/// Parses the date formats that servers use in Expires (RFC 6265bis §5.1.1): it looks for a time, a day, a month and a
/// year among the words, in any order, and skips everything else, time zones too.
struct CookieDate {
  private var time: (hour: Int, minute: Int, second: Int)?
  private var day: Int?
  private var month: Int?
  private var year: Int?

  /// Seconds since 1970; nil if it is not a date.
  package static func seconds(_ text: some Sequence<UInt8>) -> Int? {
    var date = CookieDate()
    var word: [UInt8] = []
    for byte in text {
      if byte.isDateDelimiter {
        date.take(word)
        word.removeAll(keepingCapacity: true)
      } else {
        word.append(byte)
      }
    }
    date.take(word)
    return date.seconds
  }

  /// The first word that can be a time is the time, and so on. The order of these tests decides the meaning of `12`.
  private mutating func take(_ word: [UInt8]) {
    guard !word.isEmpty else { return }
    if time == nil, let found = Self.time(word) {
      time = found
    } else if day == nil, let found = Self.number(word[...], digits: 1...2) {
      day = found
    } else if month == nil, let found = Self.months.firstIndex(of: word.prefix(3).lowercasedText) {
      month = found + 1
    } else if year == nil, let found = Self.number(word[...], digits: 2...4) {
      year = found
    }
  }

  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

  /// A number of this many digits, not followed by another digit.
  private static func number(_ word: ArraySlice<UInt8>, digits: ClosedRange<Int>) -> Int? {
    let number = word.prefix { $0.isDigit }
    guard digits.contains(number.count) else { return nil }
    return number.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }

  /// `8:04:19`, followed by anything.
  private static func time(_ word: [UInt8]) -> (hour: Int, minute: Int, second: Int)? {
    let parts = word.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].allSatisfy(\.isDigit), parts[1].allSatisfy(\.isDigit),
      let hour = number(parts[0], digits: 1...2), let minute = number(parts[1], digits: 1...2),
      let second = number(parts[2], digits: 1...2)
    else { return nil }
    return (hour, minute, second)
  }

  private var seconds: Int? {
    guard let time, let day, let month, var year else { return nil }
    if (70...99).contains(year) { year += 1900 }
    if (0...69).contains(year) { year += 2000 }
    guard year >= 1601, time.hour <= 23, time.minute <= 59, time.second <= 59,
      day >= 1, day <= Self.days(in: month, of: year)
    else { return nil }
    return ((Self.days(year, month, day) * 24 + time.hour) * 60 + time.minute) * 60 + time.second
  }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01: the inverse of `HTTPDate`'s calculation, with years that begin in March.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension UInt8 {
  fileprivate var isDateDelimiter: Bool {
    switch self {
    case 0x09, 0x20...0x2F, 0x3B...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }
}
