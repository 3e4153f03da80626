import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore

extension CookieTests {
  /// RFC 6265bis §5.6.
  @Suite struct SetCookieTests {
    @Test(arguments: [
      ("a=b", "a", "b"), ("  a  =  b  ; x", "a", "b"), ("a=", "a", ""), ("a", "", "a"), ("=b", "", "b"),
      ("=a=b", "", "a=b"), ("a=b=c", "a", "b=c"), ("a==", "a", "="), ("a=\"b\"", "a", "\"b\""),
      ("a=\"b;c\"", "a", "\"b"), ("\"a=b", "\"a", "b"), ("a=b, c=d", "a", "b, c=d"), ("a b=c d", "a b", "c d"),
      ("a=b\tc", "a", "b\tc"), ("\ta=b\t", "a", "b"), ("ä=日本", "ä", "日本"), ("$Version=1; a=b", "$Version", "1"),
      ("", "", ""), (";", "", ""), ("=", "", ""), ("   ", "", ""), (";a=b", "", ""),
    ])
    func `name and value are what stands around the first equals sign`(field: String, name: String, value: String)
      throws
    {
      let said = try SetCookie(field)
      #expect(said.name.hasSameBytes(as: name) && said.value.hasSameBytes(as: value))
    }

    @Test func `attributes are known in upper and lower case, and the others passed over`() throws {
      let said = try SetCookie(
        "a=b; SECURE; httponly=whatever; pAtH=/x ; DOMAIN = .Example.COM; max-age=5; samesite=STRICT; Priority=High;;;=; ,"
      )
      #expect(said.isSecure && said.isHTTPOnly)
      #expect(said.path == "/x" && said.domain == "example.com" && said.maxAge == 5 && said.sameSite == .strict)
      let none = try SetCookie("a=b; \"Secure\"; Secure x; Http-Only; Pathx=/; max age=5")
      #expect(!none.isSecure && !none.isHTTPOnly && !none.namesPath && none.maxAge == nil)
      // In Unicode, the long s lowercases to an s.
      #expect(try !SetCookie("a=b; \u{17F}ecure").isSecure)
    }

    @Test func `the last attribute of a name counts`() throws {
      #expect(try SetCookie("a=b; Path=/x; Path=/y").path == "/y")
      #expect(try SetCookie("a=b; Path=/x; Path=").path == nil)
      #expect(try SetCookie("a=b; Domain=x.com; Domain=").domain == "")
      #expect(try SetCookie("a=b; SameSite=None; SameSite=bogus").sameSite == .default)
      #expect(try SetCookie("a=b; Max-Age=1; Max-Age=2").maxAge == 2)
    }

    @Test func `an attribute that cannot be read does not undo the one before`() throws {
      #expect(try SetCookie("a=b; Max-Age=7; Max-Age=x").maxAge == 7)
      #expect(try SetCookie("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=never").expires == 0)
    }

    @Test(arguments: [
      ("0", 0), ("-1", 0), ("-0", 0), ("-99999999999999999999999", 0), ("1", 1), ("0007", 7),
      ("34560000", Seconds.limit), ("34560001", Seconds.limit), ("99999999999999999999999999", Seconds.limit),
      ("", nil), ("-", nil), ("+1", nil), ("1.5", nil), ("1e3", nil), ("50,399", nil), ("\"5\"", nil), ("٥", nil),
      ("--1", nil), ("1-", nil), ("0x10", nil), ("1 2", nil),
    ])
    func `Max-Age is digits, and never more than 400 days`(text: String, seconds: Int?) throws {
      #expect(try SetCookie("a=b; Max-Age=\(text)").maxAge == seconds)
    }

    @Test func `one dot before a domain is ignored, and only one`() throws {
      #expect(try SetCookie("a=b; Domain=.x.org").domain == "x.org")
      #expect(try SetCookie("a=b; Domain=..x.org").domain == ".x.org")
      #expect(try SetCookie("a=b; Domain=.").domain == "")
      #expect(try SetCookie("a=b; Domain=x.org.").domain == "x.org.")
    }

    @Test func `a path that does not begin with a slash stands for the default path`() throws {
      for path in ["", "x", "\"/x\"", "?/", " "] {
        let said = try SetCookie("a=b; Path=\(path)")
        #expect(said.namesPath && said.path == nil)
      }
    }

    @Test func `name and value have 4096 bytes at most, and an attribute 1024`() throws {
      func text(_ count: Int) -> String { String(repeating: "x", count: count) }
      #expect(try SetCookie("a=\(text(4095))").value.utf8.count == 4095)
      #expect(try SetCookie("\(text(4096))=").name.utf8.count == 4096)
      #expect(try SetCookie("  a = \(text(4095))  ;\(text(9000))").value.utf8.count == 4095)
      #expect(throws: SetCookie.Refusal.self) { try SetCookie("a=\(text(4096))") }
      #expect(throws: SetCookie.Refusal.self) { try SetCookie(text(4097)) }
      // Counts bytes, not characters.
      #expect(throws: SetCookie.Refusal.self) { try SetCookie("a=\(String(repeating: "ä", count: 2048))") }
      #expect(try SetCookie("a=b; Path=/\(text(1023))").path?.utf8.count == 1024)
      #expect(try SetCookie("a=b; Path=/x; Path=/\(text(1024))").path == "/x")
      #expect(try SetCookie("a=b; Domain=\(text(1025))").domain == "")
      #expect(try SetCookie("a=b; Secure=\(text(1025))").isSecure == false)
    }

    @Test func `a control character anywhere is refused, except for the tab`() throws {
      for code in Array(0...0x1F) + [0x7F] where code != 0x09 {
        let character = String(Unicode.Scalar(UInt8(code)))
        for field in [
          "a\(character)=b", "a=b\(character)c", "a=b; Path=/\(character)", "a=b\(character)", "\(character)a=b",
        ] {
          #expect(throws: SetCookie.Refusal.self) { try SetCookie(field) }
        }
      }
      #expect(throws: SetCookie.Refusal.self) { try SetCookie("a=b\r\nSet-Cookie: c=d") }
      #expect(try SetCookie("a=b;\tPath=\t/x").path == "/x")
      // Beyond ASCII, Unicode's control characters are ordinary bytes.
      #expect(try SetCookie("a=\u{85}").value == "\u{85}")
    }
  }
}
