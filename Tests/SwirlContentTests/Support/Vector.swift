import Testing

/// The output of Debian 12's tools for a text: gzip 1.12, brotli 1.0.9, zstd 1.5.4, and zlib 1.2.13 by Python.
struct Vector: Sendable, CustomTestStringConvertible {
  let name: String
  let contentEncoding: String
  let bytes: [UInt8]
  let text: [UInt8]

  var testDescription: String { name }

  private init(_ name: String, _ contentEncoding: String, _ text: [UInt8], _ hex: String) {
    self.name = name
    self.contentEncoding = contentEncoding
    self.text = text
    bytes = [UInt8](hex: hex)
  }

  static let short = [UInt8](String(repeating: "Hello, Swirl! ", count: 6).utf8) + [0x0A]
  static let lines = [UInt8]((0..<5000).map { "line \($0 % 100)\n" }.joined().utf8)

  static let all = [
    gzip,
    gzipNamed,
    gzipEmpty,
    gzipLines,
    zlib,
    zlibLines,
    rawDeflate,
    rawDeflateStored,
    rawDeflateLines,
    brotli,
    brotliFast,
    brotliEmpty,
    brotliLines,
    zstd,
    zstdSized,
    zstdUnchecked,
    zstdEmpty,
    zstdLines,
    gzipThenBrotli,
    zstdThenGzip,
    threeCodings,
  ]

  /// `gzip -9 -n`.
  static let gzip = Vector(
    "gzip", "gzip", short,
    """
    1f8b0800000000000203f348cdc9c9d751082ecf2cca5154f0a00a8f0b005af6eaf155000000
    """)

  /// `gzip hello.txt`, with a name and a date in its header.
  static let gzipNamed = Vector(
    "gzipNamed", "gzip", short,
    """
    1f8b080800f15365000368656c6c6f2e74787400f348cdc9c9d751082ecf2cca5154f0a00a8f0b005af6eaf155000000
    """)

  /// `gzip -n` of nothing.
  static let gzipEmpty = Vector(
    "gzipEmpty", "gzip", [],
    """
    1f8b080000000000000303000000000000000000
    """)

  /// `gzip -6 -n`.
  static let gzipLines = Vector(
    "gzipLines", "gzip", lines,
    """
    1f8b0800000000000003edd3b171a0300045c1dc555c09068404055d70331ef71f7a7c3cbad8e847bc01a4fdfaf7fdf7cfe7c7d7ef6ccf
    eccf1ccf8c67ce67e633eb99eb99bbc7df4c9dadd056692bb5d5da8a6dd5b6725bbdbddefebe57bdbdde5e6fafb7d7dbebedf5f67a47bd
    a3def17e68bda3de51efa877d43bea1df546bd516fd41bef9fab37ea8d7aa3dea837ea9df5ce7a67bdb3def91e45bdb3de59efac77d69b
    f566bd596fd69bf5e67bb6f566bd596fd65bf556bd556fd55bf556bdf55e967aabdeaa77d5bbea5df5ae7a57bdabde55ef7a6f5fbdabde
    5defae77d7bbebddf5ee7a77bdbbdefd5ee77a545041051554504105155450410515545041051554504105155450410515545041051554
    50410515545041051554504105155450410515545041051554504105155450410515545041051554504105155450410515545041051554
    50410515545041051554504105155450410515545041051554504105155450410515545041051554504105155450410515545041051554
    5041051554504105155450410515545041051554504105155450410515545041051554504105155450f15fc50fb53434914c9a0000
    """)

  /// `zlib.compress` of Python.
  static let zlib = Vector(
    "zlib", "deflate", short,
    """
    78daf348cdc9c9d751082ecf2cca5154f0a00a8f0b00b4f11b77
    """)

  /// `zlib.compress` of Python.
  static let zlibLines = Vector(
    "zlibLines", "deflate", lines,
    """
    78daedd3b171a0300045c1dc555c09068404055d70331ef71f7a7c3cbad8e847bc01a4fdfaf7fdf7cfe7c7d7ef6ccfeccf1ccf8c67ce67
    e633eb99eb99bbc7df4c9dadd056692bb5d5da8a6dd5b6725bbdbddefebe57bdbdde5e6fafb7d7dbebedf5f67a47bda3def17e68bda3de
    51efa877d43bea1df546bd516fd41bef9fab37ea8d7aa3dea837ea9df5ce7a67bdb3def91e45bdb3de59efac77d69bf566bd596fd69bf5
    e67bb6f566bd596fd65bf556bd556fd55bf556bdf55e967aabdeaa77d5bbea5df5ae7a57bdabde55ef7a6f5fbdabde5defae77d7bbebdd
    f5ee7a77bdbbdefd5ee77a5450410515545041051554504105155450410515545041051554504105155450410515545041051554504105
    15545041051554504105155450410515545041051554504105155450410515545041051554504105155450410515545041051554504105
    15545041051554504105155450410515545041051554504105155450410515545041051554504105155450410515545041051554504105
    155450410515545041051554504105155450410515545041051554504105155450f15fc50f40d4351e
    """)

  /// The same without its wrapper.
  static let rawDeflate = Vector(
    "rawDeflate", "deflate", short,
    """
    f348cdc9c9d751082ecf2cca5154f0a00a8f0b00
    """)

  /// Stored, without a wrapper.
  static let rawDeflateStored = Vector(
    "rawDeflateStored", "deflate", short,
    """
    015500aaff48656c6c6f2c20537769726c212048656c6c6f2c20537769726c212048656c6c6f2c20537769726c212048656c6c6f2c2053
    7769726c212048656c6c6f2c20537769726c212048656c6c6f2c20537769726c21200a
    """)

  /// Without a wrapper.
  static let rawDeflateLines = Vector(
    "rawDeflateLines", "deflate", lines,
    """
    edd3b171a0300045c1dc555c09068404055d70331ef71f7a7c3cbad8e847bc01a4fdfaf7fdf7cfe7c7d7ef6ccfeccf1ccf8c67ce67e633
    eb99eb99bbc7df4c9dadd056692bb5d5da8a6dd5b6725bbdbddefebe57bdbdde5e6fafb7d7dbebedf5f67a47bda3def17e68bda3de51ef
    a877d43bea1df546bd516fd41bef9fab37ea8d7aa3dea837ea9df5ce7a67bdb3def91e45bdb3de59efac77d69bf566bd596fd69bf5e67b
    b6f566bd596fd65bf556bd556fd55bf556bdf55e967aabdeaa77d5bbea5df5ae7a57bdabde55ef7a6f5fbdabde5defae77d7bbebddf5ee
    7a77bdbbdefd5ee77a54504105155450410515545041051554504105155450410515545041051554504105155450410515545041051554
    50410515545041051554504105155450410515545041051554504105155450410515545041051554504105155450410515545041051554
    50410515545041051554504105155450410515545041051554504105155450410515545041051554504105155450410515545041051554
    50410515545041051554504105155450410515545041051554504105155450f15fc50f
    """)

  /// `brotli -q 11`.
  static let brotli = Vector(
    "brotli", "br", short,
    """
    1f5400f82d92c7b9af84c5a46c87b504414a2b85a92abb4bb690b762912b45108c0702c27c01
    """)

  /// `brotli -q 1 -w 10`.
  static let brotliFast = Vector(
    "brotliFast", "br", short,
    """
    032a000080aaaaaaeaff2e9713cb5d4e07b9cbe12c0701200001908bc001dca75e293671009c09930d1baa9fc335b836
    """)

  /// `brotli` of nothing.
  static let brotliEmpty = Vector(
    "brotliEmpty", "br", [],
    """
    3f
    """)

  /// `brotli -q 11 -w 24`.
  static let brotliLines = Vector(
    "brotliLines", "br", lines,
    """
    1f4b9ae015a1d2756cd86dc95d800a3bf9931d3c40796fa5a4d07875626172b90ebeff0831e5529bb67bd13e1089458dedc60f482c6a6c
    377d40625163bbf903128b1adb2d1f9058d4d86efd80c4a2c6769b0f482c6a6cb7fd80c4a2c676bb0f482c6aecb9dfdd116005
    """)

  /// `zstd -19` of a pipe, with its checksum.
  static let zstd = Vector(
    "zstd", "zstd", short,
    """
    28b52ffd0468b500007848656c6c6f2c20537769726c21200a010013e85402e634dc73
    """)

  /// `zstd` of a file: its size is in the header.
  static let zstdSized = Vector(
    "zstdSized", "zstd", short,
    """
    28b52ffd2055b500007848656c6c6f2c20537769726c21200a010013e85402
    """)

  /// `zstd --no-check`.
  static let zstdUnchecked = Vector(
    "zstdUnchecked", "zstd", short,
    """
    28b52ffd0058b500007848656c6c6f2c20537769726c21200a010013e85402
    """)

  /// `zstd` of nothing.
  static let zstdEmpty = Vector(
    "zstdEmpty", "zstd", [],
    """
    28b52ffd240001000099e9d851
    """)

  /// `zstd -19`.
  static let zstdLines = Vector(
    "zstdLines", "zstd", lines,
    """
    28b52ffd0468b50300c286100ed0e7a50f8e2422a59429f5258a11e0ffffffff18638c31c6187777777777666666666655555555554444
    444444b66ddb76dbb66d4b9224497e9c15b9042290534c64a810f8c21cc093ca351248c0f0f7ffffff3333978c18589458949ca4c44820
    3ee2b0110c1751925de6dbc27c518096029381b508
    """)

  /// `gzip | brotli`.
  static let gzipThenBrotli = Vector(
    "gzipThenBrotli", "gzip, br", lines,
    """
    1fb501183e1637aef8628602c9329636199507051b1add6093939bfb097f66844acf8f01a32cbad24b8002d25e0c9e6e575d84655091b5
    1eba0dc71779efefc7d58269a72b140089bc7303385d55c0bb76b3ed887f0d6012d0f4a7dede795a7db9b6def37d3f373821c9a234002b
    1a379d44ef000d161458082410140e7513d9ed020c4f02315405715bcd0797a665ec7f771ede7f485bbf5d67ac5727ae259e8b6f1a6e1a
    96c267f696918d6032dbee5165faee6c4e3400fa5f0900c5658ecded1fdfdcbdbd63822ef45491d4def3d05fb8a3be66be0d9ecc1dfa43
    db90fcbaa6a40bf52fb5bcad498429f4c522453e0c17ee35bd254064269c37bb47bf8140e6aef92daeb664080d16ee2e5dc7be7d0852e0
    a12433fe6f38f661b4707fe9e6f4ed5e212ca1bfb88b12bfdb48ac3eb54a93247b2306
    """)

  /// `zstd | gzip`.
  static let zstdThenGzip = Vector(
    "zstdThenGzip", "zstd, gzip", lines,
    """
    1f8b0800000000000003d3d8aaff9725e22c33c3233741c10daa96ecd712b9dec40a4edcf4345443833114045c40c01804feffffbf3ff7
    f6b6bbdb726f4f52f19c747b5beeec0e2010391beb7744828951402099a3257585c2be7f6c07269f32159a70713b5047b9faf49e068116
    1d8e9bcb750d853ae40a6f7038674f6c59142f763c48614b9ee6e4c6ad1c0003db2a3d86000000
    """)

  /// Three nested codings.
  static let threeCodings = Vector(
    "threeCodings", "deflate, zstd, br", lines,
    """
    0f838028b52ffd0458d50700e40e789cedd3b171a0300045c1dc555c09068404055d70331ef71f7a7c3cbad8e847bc01a4fdfaf7fdf7cf
    e7c7d7ef6ccfeccf1ccf8c67ce67e633eb99eb99bbc7df4c9dadd056692bb5d5da8a6dd5b6725bbdbddefebe57bdbdde5e6fafb7d7dbeb
    edf5f67a47bda3def17e68bda3de51efa877d43bea1df546bd516fd41bef9fab37ea8d7aa3dea837ea9df5ce7a67bdb3def91e45bdb3de
    59efac77d69bf566bd596fd69bf5e67bb65bf556bd556fd55bf556bdf55e967aabdeaa77d5bbea5df5ae7a57bdabde55ef7a6f5fbdabde
    5defae77d7bbebddf5ee7a77bdbbdefd5ee77a5450410515f15fc50f40d4351e02003e43a110e5a148010702f8b403
    """)
}

extension Vector {
  /// 1 GiB of zeros in 809 bytes: `head -c 1G /dev/zero | brotli -q 9 -w 24`.
  static let brotliBomb = [UInt8](
    hex: """
      cfffff7f002400e2b14072effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff07
      4002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bffcfffff7f002400e2b0
      0074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff074002200e0b40f7fe9f
      ffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bffcfffff7f002400e2b00074effff9ffff0f80
      04401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101
      e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bffcfffff7f002400e2b00074effff9ffff0f8004401c1680eefd3fff
      ffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f0009
      80382c00ddfb7ffeffff032001108705a07bffcfffff7f002400e2b00074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0
      bdffe7ffff3f001200715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeff
      ff032001108705a07bffcfffff7f002400e2b00074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200
      715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07b
      ffcfffff7f002400e2b00074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff
      074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bffcfffff7f002400e2
      b00074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff074002200e0b40f7fe
      9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bff3f
      """)
}

extension [UInt8] {
  /// Pairs of hexadecimal digits; line ends are ignored.
  init(hex: String) {
    let digits = hex.compactMap(\.hexDigitValue)
    self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
