import SwirlPlatform

/// Writes times as access logs have them, in the machine's time zone. It keeps the text of the last second.
struct LogClock {
  let isUTC: Bool
  private var second = Int.min
  private var time = tm()
  /// `30/Nov/2026:03:22:04 +0000`
  private var common: [UInt8] = []

  init(isUTC: Bool) { self.isUTC = isUTC }

  /// The time as the common format has it, without brackets.
  mutating func common(_ seconds: Int) -> [UInt8] {
    refresh(seconds)
    return common
  }

  /// The time by RFC 3339, with milliseconds.
  mutating func internet(_ seconds: Int, milliseconds: Int) -> String {
    refresh(seconds)
    let (year, month) = (Self.digits(Int(time.tm_year) + 1900, 4), Self.digits(Int(time.tm_mon) + 1, 2))
    return
      "\(year)-\(month)-\(Self.digits(Int(time.tm_mday), 2))T\(clock).\(Self.digits(milliseconds, 3))\(Self.offset(Int(time.tm_gmtoff), ":"))"
  }

  private mutating func refresh(_ seconds: Int) {
    if seconds == second { return }
    second = seconds
    var moment = time_t(seconds)
    if isUTC { gmtime_r(&moment, &time) } else { localtime_r(&moment, &time) }
    let (day, month) = (Self.digits(Int(time.tm_mday), 2), Self.months[Int(time.tm_mon)])
    common = Array(
      "\(day)/\(month)/\(Self.digits(Int(time.tm_year) + 1900, 4)):\(clock) \(Self.offset(Int(time.tm_gmtoff), ""))"
        .utf8)
  }

  private var clock: String {
    "\(Self.digits(Int(time.tm_hour), 2)):\(Self.digits(Int(time.tm_min), 2)):\(Self.digits(Int(time.tm_sec), 2))"
  }

  /// The offset of a time zone from UTC.
  static func offset(_ seconds: Int, _ separator: String) -> String {
    let minutes = abs(seconds) / 60
    return "\(seconds < 0 ? "-" : "+")\(digits(minutes / 60, 2))\(separator)\(digits(minutes % 60, 2))"
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  private static func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
