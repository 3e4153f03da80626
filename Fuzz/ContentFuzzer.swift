import SwirlContent

/// The first byte of an input selects one of these.
let contentEncodings = [
  "gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip", "deflate, zstd, br", "gzip, gzip, gzip",
]

let charsets = [
  "utf-8", "utf-16le", "utf-16be", "windows-1252", "shift_jis", "gb18030", "big5", "euc-kr", "euc-jp", "iso-2022-jp",
]

extension FuzzInput {
  var contentEncoding: String { contentEncodings[Int(variant >> 1 & 7)] }

  /// Every second variant reaches the size limit. No variant reaches the ratio limit, which depends on the bytes
  /// received so far, and so on the splits.
  var contentLimits: ContentLimits {
    ContentLimits(maximumSize: variant & 1 == 1 ? 50 : 1 << 20, maximumRatio: nil)
  }
}

func decode(_ pieces: [[UInt8]], _ input: FuzzInput) -> (content: [UInt8], error: ContentError?) {
  var content: [UInt8] = []
  do throws(ContentError) {
    guard let decoder = try ContentDecoder(contentEncoding: input.contentEncoding, limits: input.contentLimits) else {
      fatalError("nothing to decode")
    }
    for piece in pieces {
      var offset = 0
      var isDone = false
      while !isDone {
        let (before, position) = (content.count, offset)
        isDone = try decoder.decode(piece.span, at: &offset, into: &content)
        check(content.count - before <= ContentDecoder.pieceBytes, "too much at once")
        check(isDone ? offset == piece.count : content.count > before, "stands still at \(position)")
      }
    }
    try decoder.finish()
    return (content, nil)
  } catch {
    return (content, error)
  }
}

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = FuzzInput(start, count) else { return 0 }
  let cuttings = input.cuttings
  let whole = decode(cuttings[0], input)
  check(whole.content.count <= input.contentLimits.maximumSize ?? 0, "beyond the limit")
  for pieces in cuttings.dropFirst() {
    let cut = decode(pieces, input)
    // The first error, and how much comes before it, depend on the splits; whether an error occurs does not.
    check((cut.error == nil) == (whole.error == nil), "cut differently:\n\(whole)\n\(cut)")
    check(whole.error != nil || cut.content == whole.content, "other content")
    check(cut.content.starts(with: whole.content) || whole.content.starts(with: cut.content), "other beginning")
  }
  check(TextDecoding.decode(input.bytes, charset: charsets[Int(input.cut) % charsets.count]) != nil, "no text")
  let field = String(decoding: input.bytes, as: UTF8.self)
  _ = TextDecoding.charset(ofContentType: field)
  _ = try? ContentDecoder(contentEncoding: field)
  return 0
}
