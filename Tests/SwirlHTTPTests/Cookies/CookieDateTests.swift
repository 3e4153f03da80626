import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore

extension CookieTests {
  /// RFC 6265bis §5.1.1.
  @Suite struct CookieDateTests {
    @Test(arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
      ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
      ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
      ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400), ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
      ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799), ("Mon, 01 Jan 1601 00:00:00 GMT", -11_644_473_600),
    ])
    func `a date as HTTP writes it is read`(text: String, seconds: Int) {
      #expect(CookieDate.seconds(text.utf8) == seconds)
    }

    // The formats are those of tests/data/dates in github.com/abarth/http-state, with other dates.
    @Test(arguments: [
      "Mon, 10-Dec-2007 17:02:24 GMT", "Mon, 10-Dec-07 17:02:24 GMT", "Monday, 10-Dec-2007 17:02:24 GMT",
      "10 Dec 2007 17:02:24", "Mon Dec 10 17:02:24 2007 GMT", "17:02:24 Mon Dec 10 2007", "Mon 17:02:24 Dec 10 2007",
      "Mon Dec 17:02:24 10 2007", "10-Mon, Dec 17:02:24 GMT 07", "2007 December 10 17:02:24", "Dec 10 07 17:02:24",
      "10 07 Dec 17:02:24", "10/Dec\\2007 17:02:24", "Mon,10-dec-07 17:02:24", " 10-DECEMBER-2007\t17:02:24",
      "NoSuchDay , 10 - Decem-07 17:02:24", "10-Dec-07 17:02:24 GMT-0500 (EST)", "10-Dec-07 17:02:24 -0400",
      "10-Dec-07 17:02:24 11:22:33", "10-Dec-07 ::00 17:02:24", "10-Dec-07 boink:z 17:02:24",
      "\"10-Dec-07 17:02:24\"", "10th Dec 2007AD 17:02:24Z",
    ])
    func `a time, a day, a month and a year are found in any order`(text: String) {
      #expect(CookieDate.seconds(text.utf8) == 1_197_306_144)
    }

    @Test(arguments: [
      ("1 Jan 69 0:0:0", 3_124_224_000), ("1 Jan 70 0:0:0", 0), ("1 Jan 99 0:0:0", 915_148_800),
      ("1 Jan 00 0:0:0", 946_684_800), ("1 Jan 100 0:0:0", nil), ("1 Jan 1600 0:0:0", nil),
    ])
    func `years of two digits are those from 1970 to 2069, and years before 1601 are invalid`(
      text: String, seconds: Int?
    ) {
      #expect(CookieDate.seconds(text.utf8) == seconds)
    }

    @Test(arguments: [
      "", " ", "NoDateHere", "Thu, 10 Dec 2009", "10 Dec 17:02:24", "2009 Dec 17:02:24", "10 2009 17:02:24",
      "98 April 17 21:01:22", "0 Jan 2020 00:00:00", "32 Jan 2020 00:00:00", "30 Feb 2020 00:00:00",
      "29 Feb 2100 00:00:00", "29 Feb 2023 00:00:00", "31 Apr 2020 00:00:00", "1 Jan 2020 24:00:00",
      "1 Jan 2020 00:60:00", "1 Jan 2020 00:00:60", "1 Jan 2020 91:22:33 21:01:22", "012-Aug-2008 20:49:07",
      "12-Aug-31841 20:49:07", "12-Aug-9999999999 20:49:07", "999999999999-Aug-2007 20:49:07",
      "12-Aug-2007 20:61:99999999999", "12-Aug-2007 20:49", "12-Aug-2007 123:49:07", "12-Aug-2007 1x:49:07",
      // Some browsers accept a space within the time; the rule does not.
      "1 Jan 2011 00: 00:00", "1 Ja 2020 00:00:00", "1 Jän 2020 00:00:00", "\u{661} Jan 2020 00:00:00",
    ])
    func `what is not a date is nil`(text: String) {
      #expect(CookieDate.seconds(text.utf8) == nil)
    }

    @Test func `days of eight hundred years are those that were written`() {
      for day in stride(from: -134_774, to: 146_097, by: 13) {
        let seconds = day * Seconds.day + (day & 0xFFFF)
        #expect(CookieDate.seconds(HTTPDate.format(seconds).utf8) == seconds)
      }
    }
  }
}
