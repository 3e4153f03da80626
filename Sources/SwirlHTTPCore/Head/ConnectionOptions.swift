/// The Connection options that this module handles (RFC 9110 §7.6.1).
struct ConnectionOptions: OptionSet, Sendable {
  let rawValue: UInt8

  static let close = ConnectionOptions(rawValue: 1)
  static let keepAlive = ConnectionOptions(rawValue: 2)
  static let upgrade = ConnectionOptions(rawValue: 4)
}

extension ConnectionOptions {
  init(parsing bytes: Span<UInt8>, _ value: Range<Int>) {
    self = []
    // Fast path: nearly every Connection field is one of these two words.
    if bytes.equals("keep-alive", in: value) {
      insert(.keepAlive)
      return
    }
    if bytes.equals("close", in: value) {
      insert(.close)
      return
    }
    var rest: Range<Int>? = value
    while let option = bytes.nextElement(of: &rest) {
      switch option.count {
      case 5 where bytes.equals("close", in: option): insert(.close)
      case 10 where bytes.equals("keep-alive", in: option): insert(.keepAlive)
      case 7 where bytes.equals("upgrade", in: option): insert(.upgrade)
      default: break
      }
    }
  }
}
