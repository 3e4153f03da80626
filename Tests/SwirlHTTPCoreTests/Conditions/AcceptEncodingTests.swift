import Testing

@testable import SwirlHTTPCore

@Suite struct AcceptEncodingTests {
  @Test(
    arguments: [
      ("", nil), ("gzip", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("gzip, br", "br"), ("br;q=0.5, gzip", "gzip"),
      ("br;q=0", nil), ("gzip;q=0, br;q=0.001", "br"), ("*", "br"), ("*;q=0.5, gzip;q=0.6", "gzip"),
      ("br;q=0, *", "zstd"),
      ("identity", nil), ("identity, gzip;q=0.5", nil), ("identity;q=0.5, gzip", "gzip"),
      ("identity;q=0, zstd", "zstd"),
      ("deflate", nil), ("gzip;q=2", nil), ("gzip;q=x", nil), ("gzip;q=0.1234", nil), ("gzip ; q=1.000", "gzip"),
      ("gzip;Q=0", nil), (",,gzip,", "gzip"), ("gzip;level=9", "gzip"), ("gzip;q=", nil), ("gzip;q=1.001", nil),
      ("gzip, deflate, br, zstd", "br"),
    ] as [(String, String?)])
  func `the best coding_RFC9110_12_5_3`(field: String, best: String?) {
    #expect(AcceptEncoding(field).best(of: ["br", "zstd", "gzip"]) == best)
  }

  @Test(arguments: [
    ("", true), ("gzip", true), ("identity;q=0", false), ("*;q=0", false), ("*;q=0, identity", true),
    ("identity;q=0.1", true), ("gzip, *;q=0", false), ("identity;q=0.000", false),
  ])
  func `whether a client takes content as it is`(field: String, accepts: Bool) {
    #expect(AcceptEncoding(field).acceptsIdentity == accepts)
  }
}
