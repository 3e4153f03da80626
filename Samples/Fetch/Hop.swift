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
