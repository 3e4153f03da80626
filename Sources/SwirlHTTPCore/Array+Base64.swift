extension [UInt8] {
  /// RFC 4648 §4.
  package var base64: String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var output: [UInt8] = []
    output.reserveCapacity((count + 2) / 3 * 4)
    var index = 0
    while index < count {
      let rest = Swift.min(3, count - index)
      var group = UInt32(self[index]) << 16
      if rest > 1 { group |= UInt32(self[index + 1]) << 8 }
      if rest > 2 { group |= UInt32(self[index + 2]) }
      for place in 0..<4 {
        output.append(
          place <= rest ? alphabet[Int(group >> (18 - 6 * UInt32(place)) & 63)] : UInt8(ascii: "="))
      }
      index += 3
    }
    return String(decoding: output, as: UTF8.self)
  }
}
