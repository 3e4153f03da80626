// Servers and clients for Scripts/interop, which runs them against programs of others.
//
//   InteropProbe serve NAME=VALUE…        prints its address; every path below is answered. With TLS as the names say:
//                                         cert, key, and roots of clients' certificates, for which it asks; SIGHUP
//                                         makes it read these files again. host-cert and host-key: another identity.
//                                         patience: seconds for each timeout. behind=x-forwarded, forwarded or proxy:
//                                         this machine's addresses are of proxies
//   InteropProbe starttls cert=… key=…    a server of lines, as SMTP's, that begin in plain text
//   InteropProbe streams NAME=VALUE…      a server as well; its handlers read and write content as it arrives
//   InteropProbe reverse-proxy to=URL,… NAME=VALUE…   a server that passes all on: patience, cert and key
//   InteropProbe fetch METHOD URL [BODY]  prints the status, a space, and then the body as it came
//   InteropProbe tls NAME=VALUE… URL…     prints what comes from each in turn, over connections as the names say:
//                                         roots, cert, key, min, max, alpn, renegotiation=allowed; all hosts are this
//                                         machine
//   InteropProbe http2 NAME=VALUE… URL…   prints what comes from each over HTTP/2; see HTTP2.swift
//   InteropProbe websocket-serve NAME=VALUE…   prints its address, and echoes each message of a WebSocket: port,
//                                              cert and key, compression=off or without-context
//   InteropProbe websocket-cases port=PORT     echoes the cases of Autobahn's server there
//   InteropProbe datagrams-serve [unix=PATH]   prints its UDP port, and echoes datagrams
//   InteropProbe datagrams port=PORT NAME=VALUE…   sends datagrams to an echo; see Datagrams.swift
//   InteropProbe standard-io              prints the lines of its input in capitals; see Descriptors.swift
//   InteropProbe terminal ROWS COLUMNS COMMAND…   prints what a command on a terminal prints; its input is typed
//   InteropProbe serial PATH SPEED        echoes what comes at a serial port
//   InteropProbe passing PATH             writes into the descriptors that come at a Unix socket, and passes one back
//   InteropProbe names server=PORT NAME=VALUE…   fetches by the HTTPS records of a name server; see Names.swift
//   InteropProbe redis port=PORT NAME=VALUE…   talks with redis-server; see Requests.swift
//   InteropProbe websocket-talk url=URL NAME=VALUE…   talks with a server of others, and prints what is right and
//                                              wrong; see WebSocketTalk.swift
import Foundation
import Swirl

func serve(_ arguments: [String]) throws {
  let big = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
  let named = settings(arguments)
  let server = HTTPServer(configuration: behind(named, patience(named))) { request in
    switch request.path {
    // The second is the path of CONNECT.
    case "/hello", "": .text("hello\n")
    case "/echo": .bytes(request.body)
    case "/who": .text("\(request.tls?.peerCertificate?.subject ?? "nobody")\n")
    case "/client": .text("\(request.clientAddress?.host ?? "unknown") \(request.externalURL ?? "-")\n")
    case "/reset": .text("not sent", status: .resetContent)
    case "/closing": .text("x\n").with(.connection, "foo, close")
    case "/big": .bytes(big)
    case "/trailers":
      .stream { writer in
        writer.write(request.trailers.map { "\($0)\n" } ?? "no trailers\n")
        writer.end(trailers: [.init("x-sum")!: "3"])
      }
    case "/stream":
      .stream { writer in
        for number in 1...3 { writer.write("line \(number)\n") }
        writer.end()
      }
    default: .text("no such page\n", status: .notFound)
    }
  }
  print(try server.listen(0, tls: serverTLS(named)).localAddress)
  fflush(nil)
  server.reload(on: SIGHUP)
  Reactor.current.addSignalHandler(SIGHUP) {
    print("reloaded")
    fflush(nil)
  }
  Reactor.current.run()
}

func fetchOnce(_ arguments: [String]) {
  var request = HTTPClient.Request(arguments[1])
  request.method = .init(arguments[0]) ?? .get
  if arguments.count > 2 { request.body = .bytes(Array(arguments[2].utf8)) }
  let reactor = Reactor.current
  fetch(request) { result in
    reactor.stop()
    switch result {
    case .success(let response):
      FileHandle.standardOutput.write(Data("\(response.status.code) ".utf8) + Data(response.body))
    case .failure(let error):
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }
  reactor.run()
}

func fetchSecured(_ arguments: [String]) async throws {
  var configuration = HTTPClient.Configuration()
  var (certificate, key) = ("", "")
  for setting in arguments where !setting.contains("://") {
    let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
    let version: TLSConfiguration.Version = parts[1] == "1.2" ? .tls12 : .tls13
    switch parts[0] {
    case "roots": configuration.tls.roots = [.file(parts[1])]
    case "cert": certificate = parts[1]
    case "key": key = parts[1]
    case "min": configuration.tls.minimumVersion = version
    case "max": configuration.tls.maximumVersion = version
    case "alpn": configuration.tls.applicationProtocols = [parts[1]]
    case "renegotiation": configuration.tls.allowsRenegotiation = parts[1] == "allowed"
    default: preconditionFailure("no setting \(setting)")
    }
  }
  if !certificate.isEmpty { configuration.tls.identity = .init(chain: .file(certificate), privateKey: .file(key)) }
  Reactor.current.resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
  let client = HTTPClient(configuration)
  for url in arguments where url.contains("://") {
    let response = try await client.fetch(HTTPClient.Request(url)).value
    FileHandle.standardOutput.write(Data(response.body))
  }
}

/// Runs to the end, with an error in words and an exit code.
@MainActor func complete(_ body: @escaping @MainActor ([String]) async throws -> Void) {
  do {
    try runUntilComplete { try await body(Array(CommandLine.arguments.dropFirst(2))) }
  } catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
  }
}

switch CommandLine.arguments.dropFirst().first {
case "starttls": try serveStartTLS(Array(CommandLine.arguments.dropFirst(2)))
case "serve": try serve(Array(CommandLine.arguments.dropFirst(2)))
case "reverse-proxy": try serveReverse(Array(CommandLine.arguments.dropFirst(2)))
case "fetch" where CommandLine.arguments.count > 3: fetchOnce(Array(CommandLine.arguments.dropFirst(2)))
case "streams": try serveStreams(Array(CommandLine.arguments.dropFirst(2)))
case "websocket-serve": try serveWebSockets(Array(CommandLine.arguments.dropFirst(2)))
case "websocket-cases": complete(echoCases)
case "websocket-talk": complete(talkWebSocket)
case "datagrams-serve": try echoDatagrams(Array(CommandLine.arguments.dropFirst(2)))
case "standard-io": try echoStandardIO()
case "terminal": try playTerminal(Array(CommandLine.arguments.dropFirst(2)))
case "serial": try echoSerialPort(Array(CommandLine.arguments.dropFirst(2)))
case "passing": try passDescriptors(CommandLine.arguments[2])
case "redis": talkRedis(Array(CommandLine.arguments.dropFirst(2)))
case "names": fetchByNames(Array(CommandLine.arguments.dropFirst(2)))
case "datagrams": talkDatagrams(Array(CommandLine.arguments.dropFirst(2)))
case "tls": complete(fetchSecured)
#if HTTP2
case "http2": complete(fetchHTTP2)
#endif
default:
  print(
    "usage: InteropProbe serve|streams|reverse-proxy NAME=VALUE… | fetch METHOD URL [BODY] | tls|http2 NAME=VALUE… URL…"
      + " | websocket-serve|websocket-cases|websocket-talk NAME=VALUE… | datagrams-serve|datagrams|redis NAME=VALUE…")
  exit(2)
}
