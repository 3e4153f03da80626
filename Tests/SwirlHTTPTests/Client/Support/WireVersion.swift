import SwirlHTTPClient
import Testing

/// The version of HTTP in which a bench and its client talk.
enum WireVersion: Sendable {
  case http1
  case http2

  /// That of the current test.
  @TaskLocal static var current = WireVersion.http1
}

extension HTTPClient.Configuration {
  /// The same for a client of the current version, without TLS.
  var inCurrentVersion: Self {
    var configuration = self
    #if HTTP2
    if WireVersion.current == .http2 { configuration.http2 = .priorKnowledge }
    #endif
    return configuration
  }

  /// The same for a client of the current version, with a server that speaks either over TLS.
  var inCurrentVersionOverTLS: Self {
    var configuration = self
    #if HTTP2
    configuration.http2 = WireVersion.current == .http2 ? .negotiated : .off
    #endif
    return configuration
  }
}

/// Runs each test of a suite twice, in HTTP/1.1 and in HTTP/2: what a request can be in one it can be in the other.
struct InBothVersions: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  @concurrent func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await function()
    #if HTTP2
    if test.traits.contains(where: { $0 is HTTP1Only }) { return }
    try await WireVersion.$current.withValue(.http2) { try await function() }
    #endif
  }
}

/// A test of what HTTP/2 does not have.
struct HTTP1Only: TestTrait {
  let why: Comment
  var comments: [Comment] { [why] }
}

extension Trait where Self == InBothVersions {
  /// Runs each test in HTTP/1.1 and in HTTP/2.
  static var inBothVersions: Self { Self() }
}

extension Trait where Self == HTTP1Only {
  /// Runs in HTTP/1.1 alone.
  /// - Parameter why: what of it HTTP/2 does not have.
  static func http1Only(_ why: Comment) -> Self { Self(why: why) }
}
