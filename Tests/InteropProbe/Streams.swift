import Foundation
import Swirl

/// The certificate and roots that `cert`, `key` and `roots` name.
func serverTLS(_ settings: [String: String]) -> TLSConfiguration? {
  guard let chain = settings["cert"], let key = settings["key"] else { return nil }
  var tls = TLSConfiguration.server(.init(chain: .file(chain), privateKey: .file(key)))
  if let chain = settings["host-cert"], let key = settings["host-key"] {
    tls.hostIdentities = [.init(chain: .file(chain), privateKey: .file(key))]
  }
  if let roots = settings["roots"] {
    tls.roots = [.file(roots)]
    tls.requestsClientCertificate = true
  }
  return tls
}

/// `NAME=VALUE…`
func settings(_ arguments: [String]) -> [String: String] {
  Dictionary(
    arguments.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }.map { ($0[0], $0[1]) },
    uniquingKeysWith: { $1 })
}

/// Timeouts of `patience` seconds.
func patience(_ settings: [String: String]) -> HTTPServer.Configuration {
  var configuration = HTTPServer.Configuration()
  guard let seconds = settings["patience"].flatMap({ Int($0) }) else { return configuration }
  for timeout in [\HTTPServer.Configuration.headTimeout, \.bodyTimeout, \.idleTimeout, \.writeTimeout] {
    configuration[keyPath: timeout] = .seconds(seconds)
  }
  return configuration
}

/// Pages that are read and written as they arrive: `/echo`, `/sink`, which counts, `/flow/BYTES`, `/hold`, which has no
/// end, and `/form`, which writes the file of a form to the path `save`.
func serveStreams(_ arguments: [String]) throws {
  let big = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
  let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
  let named = settings(arguments)
  let server = HTTPServer.streaming(configuration: patience(named)) { request in
    switch request.path {
    case "/hello", "": return .succeed(.text("hello\n"))
    case "/big": return .succeed(.bytes(big))
    case "/hold": return Deferred()
    case "/sink":
      return Deferred {
        var count = 0
        for try await bytes in request.body { count += bytes.count }
        return .text("\(count)\n")
      }
    case "/form":
      return Deferred {
        var words: [String] = []
        for try await part in try request.parts() {
          guard part.fileName != nil else {
            words.append("\(part.name)=\(try await part.text())")
            continue
          }
          let writer = Reactor.current.files.writer(to: named["save"] ?? "/dev/null")
          var count = 0
          for try await bytes in part {
            count += bytes.count
            try await writer.write(bytes).value
          }
          try await writer.close().value
          words.append("\(part.name) \(part.fileName ?? "") \(part.contentType ?? "-") \(count)")
        }
        return .text(words.joined(separator: "; ") + "\n")
      }
    case "/echo":
      return .succeed(
        .stream { writer in
          writer.end(
            after: Deferred {
              for try await bytes in request.body {
                try await writer.drained().value
                writer.write(bytes)
              }
            })
        })
    case let path where path.hasPrefix("/flow/"):
      return .succeed(
        .stream { writer in
          writer.end(
            after: Deferred {
              var left = Int(path.dropFirst(6)) ?? 0
              while left > 0 {
                try await writer.drained().value
                writer.write(piece.span.extracting(first: min(left, piece.count)))
                left -= piece.count
              }
            })
        })
    default: return .succeed(.text("no such page\n", status: .notFound))
    }
  }
  server.decideOnBody = { _ in .accept(upTo: 2 << 30) }
  print(try server.listen(0, tls: serverTLS(named)).localAddress)
  fflush(nil)
  Reactor.current.run()
}
