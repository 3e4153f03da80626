import Foundation
import HTTPTypes
import Swirl
import Terminal

/// A request as it was sent, and the head of its answer: one of several after redirects.
struct Hop {
  let request: HTTPClient.Request
  let response: HTTPClient.StreamedResponse

  /// The head as it came: a value is bytes, and need not be UTF-8.
  var bytes: [UInt8] {
    let fields = response.headers.flatMap { field in
      Array("\(field.name.rawName): ".utf8) + field.withUnsafeBytesOfValue { Array($0) } + Array("\r\n".utf8)
    }
    return Array("HTTP/1.1 \(response.status)\r\n".utf8) + fields + Array("\r\n".utf8)
  }

  /// The head for a terminal, where a field of a server gives no orders.
  var text: String { "HTTP/1.1 \(response.status)\r\n\(response.headers.lines("", end: "\r\n"))\r\n" }
}

extension HTTPFields {
  /// A line each, without credentials.
  func lines(_ prefix: String, end: String = "\n") -> String {
    map { field in
      let isSecret = [.authorization, .proxyAuthorization].contains(field.name)
      let value = isSecret ? "\(field.value.prefix { $0 != " " }) REDACTED" : field.value
      return "\(prefix)\(field.name.rawName): \(value.escapingControls(except: "\t"))\(end)"
    }.joined()
  }
}

extension HTTPClient.Request {
  /// The head of the request for -v, without credentials and tokens, with the fields that the client adds.
  var head: String {
    let url = URL(string: redactedURL)
    let query = url?.query().map { "?\($0)" } ?? ""
    var lines = ["\(method.rawValue) \(url?.path(percentEncoded: true) ?? redactedURL)\(query) HTTP/1.1"]
    if !headers.contains(.hostField) { lines.append("Host: \(url?.host() ?? "")\(url?.port.map { ":\($0)" } ?? "")") }
    // A proof of Digest answers a challenge, which is still to come.
    if let scheme = authentication?.description.prefix(while: \.isLetter), scheme != "digest" {
      lines.append("Authorization: \(scheme.capitalized) REDACTED")
    }
    let fields = headers.lines("> ")
    var last: [String] = []
    if let body {
      last.append(body.length.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked")
      if let type = body.contentType, !headers.contains(.contentType) { last.append("Content-Type: \(type)") }
      if expectsContinue { last.append("Expect: 100-continue") }
    }
    return lines.map { "> \($0)\n" }.joined() + fields + last.map { "> \($0)\n" }.joined() + ">"
  }
}

extension HTTPField.Name {
  fileprivate static let hostField = HTTPField.Name("Host")!
}
