import Foundation
import Swirl

/// The client that the options describe.
enum ClientConfiguration {
  static func make(_ options: Options) throws -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration()
    configuration.decodesContent = options.isCompressed
    let limit = options.maximumRedirects < 0 ? Int.max : options.maximumRedirects
    configuration.redirects = options.followsRedirects ? .follow(limit, allowingDowngrade: true) : .none
    configuration.timeout = options.maximumTime.map { .seconds($0) }
    // As long as curl waits.
    configuration.connectTimeout = .seconds(options.connectTimeout ?? 300)
    configuration.maximumBodySize = .max
    // The requests bring all of their fields.
    configuration.headers = [:]
    configuration.proxies = try proxies(options)
    if options.isInsecure { configuration.tls.verification = .dangerouslyAcceptingAnyCertificate }
    if let path = options.roots { configuration.tls.roots = [.file(path)] }
    if let path = options.proxyRoots { configuration.proxyTLS.roots = [.file(path)] }
    if let version = options.minimumTLS { configuration.tls.minimumVersion = version == 3 ? .tls13 : .tls12 }
    if let certificate = options.certificate {
      for file in [certificate, options.key ?? certificate] where !FileManager.default.isReadableFile(atPath: file) {
        throw CertificateError(path: file)
      }
      configuration.tls.identity = .init(chain: .file(certificate), privateKey: .file(options.key ?? certificate))
    }
    return configuration
  }

  /// The proxies of -x: an empty value is no proxy; otherwise one for all hosts except those of --noproxy, or else
  /// those of no_proxy. Without -x they are those of the environment.
  private static func proxies(_ options: Options) throws -> ProxySettings {
    if options.noProxy == "*" { return .none }
    let environment = ProcessInfo.processInfo.environment
    func variable(_ name: String) -> String? { environment[name] ?? environment[name.uppercased()] }
    guard var url = options.proxy else {
      // The environment of this process is the only place that the library reads.
      let before = environment["no_proxy"]
      if let hosts = options.noProxy { setenv("no_proxy", hosts, 1) }
      defer { if let before { setenv("no_proxy", before, 1) } else { unsetenv("no_proxy") } }
      return try .environment()
    }
    if url.isEmpty { return .none }
    if let user = options.proxyUser {
      let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
      let words = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map {
        percentEncoded($0.utf8)
      }
      url.insert(contentsOf: words.joined(separator: ":") + "@", at: start)
    }
    // curl's default port, which is not the library's.
    let exceptions = options.noProxy ?? variable("no_proxy") ?? ""
    return .all(try Proxy(url), except: exceptions.split { $0 == "," || $0 == " " }.map(String.init))
  }
}
