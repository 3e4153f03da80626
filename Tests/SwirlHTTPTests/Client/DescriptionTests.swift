import SwirlHTTPCore
import Testing

@testable import SwirlHTTPClient

@Suite struct DescriptionTests {
  @Test func `nothing that describes a request shows what lets someone in`() throws {
    var request = HTTPClient.Request("http:u:secret@h/?key=secret")
    #expect("\(request)" == "GET http://REDACTED:REDACTED@h/?key=REDACTED")
    request.authentication = .bearer("secret")
    for authentication: HTTPClient.Authentication in [
      .basic("u", "secret"), .digest("u", "secret"), .bearer("secret"),
    ] {
      request.authentication = authentication
      #expect(!"\(request) \(authentication) \([authentication])".contains("secret"))
    }
    let error = HTTPError(.timeout, "GET", "http://h/?token=secret", "no")
    let step = HTTPClient.RedirectStep(url: "http://h/?token=secret", method: .get, status: 302)
    #expect(!"\(error) \(step)".contains("secret"))
  }
}
