// The peer of the HTTP operations, in plain blocking calls, one connection: `Peer server` prints its port and answers
// every read with the response in `answers` for the path, mostly 100 bytes; `Peer client PORT COUNT` sends requests one
// after another.
import Glibc

/// The serialized responses by path.
let answers: [String: [UInt8]] = [
  "/": answer("200 OK", Array(repeating: UInt8(ascii: "x"), count: 100)),
  "/mebibyte": answer("200 OK", Array(repeating: UInt8(ascii: "x"), count: 1 << 20)),
  "/redirect": answer("302 Found", [], "Location: /\r\n"),
  "/gzip": answer(
    "200 OK",
    // 100 times `x`.
    [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 168, 160, 61, 0, 0, 143, 93, 14, 94, 100, 0, 0, 0],
    "Content-Encoding: gzip\r\n"),
  "/chunked": answer("200 OK", chunks(of: 1_000, 16), "Transfer-Encoding: chunked\r\n"),
]

func answer(_ status: String, _ body: [UInt8], _ fields: String = "") -> [UInt8] {
  let length = fields.hasPrefix("Transfer-Encoding") ? "" : "Content-Length: \(body.count)\r\n"
  let head =
    "HTTP/1.1 \(status)\r\nServer: peer\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
    + length + fields + "Connection: keep-alive\r\n\r\n"
  return Array(head.utf8) + body
}

func chunks(of size: Int, _ count: Int) -> [UInt8] {
  let chunk = Array("\(String(size, radix: 16))\r\n\(String(repeating: "x", count: size))\r\n".utf8)
  return (0..<count).flatMap { _ in chunk } + Array("0\r\n\r\n".utf8)
}

/// The response to the request of `count` bytes in `buffer`.
func answer(to buffer: [UInt8], _ count: Int) -> [UInt8] {
  let path = buffer[..<count].split(separator: UInt8(ascii: " "), maxSplits: 2).dropFirst().first ?? []
  return answers[String(decoding: path, as: UTF8.self)]!
}

func serve() {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = loopback(0)
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      precondition(bind(listener, $0, length) == 0 && listen(listener, 16) == 0)
      precondition(getsockname(listener, $0, &length) == 0)
    }
  }
  print(UInt16(bigEndian: address.sin_port))
  fflush(nil)
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let connection = accept(listener, nil, nil)
    setNoDelay(connection)
    while true {
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { break }
      let answer = answer(to: buffer, count)
      _ = write(connection, answer, answer.count)
    }
    close(connection)
  }
}

func request(port: UInt16, count: Int) {
  let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = loopback(port)
  let result = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  precondition(result == 0, "no connection to port \(port)")
  setNoDelay(connection)
  let request = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAccept: */*\r\n\r\n"
  var buffer = [UInt8](repeating: 0, count: 65536)
  for _ in 0..<count {
    _ = write(connection, request, request.utf8.count)
    precondition(read(connection, &buffer, buffer.count) > 0, "the server closed the connection")
  }
  close(connection)
}

func loopback(_ port: UInt16) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return address
}

func setNoDelay(_ descriptor: Int32) {
  var on: Int32 = 1
  setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "server": serve()
case "client": request(port: UInt16(arguments[2])!, count: Int(arguments[3])!)
default: fatalError("usage: Peer server | Peer client PORT COUNT")
}
