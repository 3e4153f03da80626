import Testing

@testable import SwirlHTTPCore

@Suite struct RedactedURLTests {
  @Test(arguments: [
    ("http://a/b?c=d&e#f", "http://a/b?c=d&e"), ("http://u:p@a/b", "http://REDACTED:REDACTED@a/b"),
    ("http://u@a", "http://REDACTED:REDACTED@a/"), ("http://u:p@x@a/@b", "http://REDACTED:REDACTED@a/@b"),
    ("http://a/?token=1&x=2&Signature=3", "http://a/?token=REDACTED&x=2&Signature=REDACTED"),
    ("http://a/?%74oken=1", "http://a/?%74oken=REDACTED"), ("http://a/?token", "http://a/?token"),
    ("http://a/?X-Amz-Signature=1=2", "http://a/?X-Amz-Signature=REDACTED"), ("nonsense", "nonsense"), ("", ""),
    ("http://a?token=b", "http://a/?token=REDACTED"), ("http://a/#access_token=1", "http://a/"),
    ("HTTP://u:p@[::1]:81/", "http://REDACTED:REDACTED@[::1]:81/"), ("http://h/x@y", "http://h/x@y"),
    ("/@u/x?key=1#y", "/@u/x?key=REDACTED"), ("*", "*"), ("http+unix://%2Frun%2Fx/y", "http+unix://%2Frun%2Fx/y"),
  ])
  func `what lets someone in is replaced`(url: String, shown: String) { #expect(url.redactedURL == shown) }

  @Test(arguments: [
    ("http:u:secret@h", "http://REDACTED:REDACTED@h/"), ("http:/u:secret@h", "http://REDACTED:REDACTED@h/"),
    ("http:////u:secret@h", "http://REDACTED:REDACTED@h/"), ("http:\\u:secret@h", "http://REDACTED:REDACTED@h/"),
    (" ht\ttp://u:sec\nret@h\u{1}", "http://REDACTED:REDACTED@h/"), ("http://:secret@h", "http://REDACTED:REDACTED@h/"),
    ("http://u:secret%40h/", "http://REDACTED:REDACTED@h/"),
    ("http://u:secret\u{FF20}h/", "http://REDACTED:REDACTED@h/"),
    ("http://u:secret\u{FE6B}h/", "http://REDACTED:REDACTED@h/"), ("http://u:x/secret@h", "http://REDACTED:REDACTED@h"),
    ("http://u:x?secret@h", "http://REDACTED:REDACTED@h"), ("http://u:x#secret@h", "http://REDACTED:REDACTED@h"),
    ("http://u:secret@\u{301}h:x", "http://REDACTED:REDACTED@\u{301}h:x"),
    ("http:/u:secret@[/x", "http://REDACTED:REDACTED@[/x"),
    ("http:u:secret@h:99999/", "http://REDACTED:REDACTED@h:99999/"), ("secret:x@h", "//REDACTED:REDACTED@h"),
    ("secret@h", "//REDACTED:REDACTED@h"), ("//u:secret@a", "//REDACTED:REDACTED@a"),
    ("ftp://u:secret@h/", "ftp://REDACTED:REDACTED@h/"), ("wss:\\\\u:secret@h/", "wss://REDACTED:REDACTED@h/"),
    ("http+unix://u:secret@%2Fs/", "http+unix://REDACTED:REDACTED@%2Fs/"),
    ("http://u:secret@h:x/\u{1B}[2J", "http://REDACTED:REDACTED@h:x/%1B[2J"),
    ("http://h:x/?token=secret", "http://h:x/?token=REDACTED"),
  ])
  func `no spelling of a URL shows a password`(url: String, shown: String) {
    #expect(url.redactedURL == shown)
    let word = url.filter { !$0.isWhitespace }
    if shown.contains("://") { #expect(!"to (\(word)): no".withRedactedURLs.contains("secret")) }
  }

  @Test func `in words, too`() {
    #expect(
      "a redirect to http://u:p@a/?sig=1 goes  nowhere, (on the way from http:u:p@b/c)".withRedactedURLs
        == "a redirect to http://REDACTED:REDACTED@a/?sig=REDACTED goes  nowhere, (on the way from http://REDACTED:REDACTED@b/c)"
    )
    #expect("connect to 127.0.0.1:80: no".withRedactedURLs == "connect to 127.0.0.1:80: no")
  }
}
