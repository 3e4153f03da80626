import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite struct SafeURLTests {
    @Test(arguments: [
      ("http://a/b?c=d&e#f", "http://a/b?c=d&e"), ("http://u:p@a/b", "http://REDACTED:REDACTED@a/b"),
      ("http://u@a", "http://REDACTED:REDACTED@a"), ("http://u:p@x@a/@b", "http://REDACTED:REDACTED@a/@b"),
      ("http://a/?token=1&x=2&Signature=3", "http://a/?token=REDACTED&x=2&Signature=REDACTED"),
      ("http://a/?%74oken=1", "http://a/?%74oken=REDACTED"), ("http://a/?token", "http://a/?token"),
      ("http://a/?X-Amz-Signature=1=2", "http://a/?X-Amz-Signature=REDACTED"), ("nonsense", "nonsense"), ("", ""),
      ("//u:p@a", "//REDACTED:REDACTED@a"), ("http://a?token=b", "http://a?token=REDACTED"),
      ("HTTP://u:p@[::1]:80/", "HTTP://REDACTED:REDACTED@[::1]:80/"), ("http://a/#access_token=1", "http://a/"),
    ])
    func `what lets someone in is left out`(url: String, safe: String) { #expect(SafeURL.text(url) == safe) }

    @Test func `in words, too`() {
      #expect(
        SafeURL.words("a redirect to http://u:p@a/?sig=1 goes  nowhere")
          == "a redirect to http://REDACTED:REDACTED@a/?sig=REDACTED goes  nowhere")
    }
  }
}
