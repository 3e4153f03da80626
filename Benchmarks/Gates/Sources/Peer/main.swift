// The other end of the HTTP operations, in plain blocking calls, one connection: `Peer server` answers every read with the same
// 100 bytes and prints its port; `Peer client PORT COUNT` sends requests one after another.
import Glibc

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "server": serve()
case "client": request(port: UInt16(arguments[2])!, count: Int(arguments[3])!)
default: fatalError("usage: Peer server | Peer client PORT COUNT")
}

func serve() {
  let response =
    "HTTP/1.1 200 OK\r\nServer: peer\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
    + "Content-Length: 100\r\nConnection: keep-alive\r\n\r\n" + String(repeating: "x", count: 100)
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
    while read(connection, &buffer, buffer.count) > 0 { _ = write(connection, response, response.utf8.count) }
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
