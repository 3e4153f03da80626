import Glibc
import Swirl

/// With the proxies in front that the settings name.
func behind(_ settings: [String: String], _ configuration: HTTPServer.Configuration) -> HTTPServer.Configuration {
  var configuration = configuration
  switch settings["behind"] {
  case "x-forwarded": configuration.trustedProxies = .init(AddressRange.loopback)
  case "forwarded": configuration.trustedProxies = .init(AddressRange.loopback, fields: .forwarded)
  case "proxy": configuration.proxyProtocol = .init(from: AddressRange.loopback)
  default: break
  }
  return configuration
}

/// Lines as SMTP's (RFC 3207), enough for its clients to begin TLS and to say whether they speak it.
private final class Mail: LineReceiver {
  private let tls: TLSConfiguration

  init(_ tls: TLSConfiguration) {
    self.tls = tls
    super.init()
  }

  override func connectionMade(_ transport: any Transport) {
    super.connectionMade(transport)
    transport.write("220 mail.test ready\r\n")
  }

  override func lineReceived(_ line: String) {
    let isSecured = transport?.tlsInfo != nil
    switch line.prefix(while: { $0 != " " }).uppercased() {
    case "EHLO": transport?.write(isSecured ? "250-mail.test\r\n250 HELP\r\n" : "250-mail.test\r\n250 STARTTLS\r\n")
    case "STARTTLS":
      transport?.write("220 go ahead\r\n")
      transport?.startTLS(serving: tls).addErrback { print("failed: \($0)") }
    case "NOOP": transport?.write("250 \(isSecured ? "secured" : "plain")\r\n")
    case "QUIT":
      transport?.write("221 bye\r\n")
      transport?.close()
    default: transport?.write("500 what\r\n")
    }
  }
}

func serveStartTLS(_ arguments: [String]) throws {
  guard let tls = serverTLS(settings(arguments)) else { fatalError("give cert and key") }
  print(try Reactor.current.listenTCP(0) { _ in Mail(tls) }.localAddress)
  fflush(nil)
  Reactor.current.run()
}
