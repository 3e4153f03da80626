// Finds devices on the network by SSDP, as media players and routers are found: one datagram to a group, and each
// device answers by itself. A device of our own is in the group, so that there is one.
// Answers to: Twisted's multicast tutorial, `socket.IP_ADD_MEMBERSHIP` in Python, node-ssdp.
// Run: `swift run Discover`, on this machine alone, or `swift run Discover eth0`. Leaves out: announcements, IPv6.
import Swirl

let interface = CommandLine.arguments.dropFirst().first ?? "lo"
let (group, port) = ("239.255.255.250", 1900)

var options = DatagramOptions()
// Other programs of this machine may be in the group, too.
options.reusesAddress = true
options.multicastInterface = interface
options.multicastHopLimit = interface == "lo" ? 0 : 2

let device = try reactor.listenUDP(port, interface: "0.0.0.0", options: options) { datagram, socket in
  guard datagram.text.hasPrefix("M-SEARCH * HTTP/1.1\r\n") else { return }
  let fields = ["HTTP/1.1 200 OK", "ST: swirl:lamp", "USN: uuid:1::swirl:lamp", "LOCATION: http://127.0.0.1/", "", ""]
  socket.reply(to: datagram, fields.joined(separator: "\r\n"))
}
try device.join(group, interface: interface)

let search = try reactor.listenUDP(0, interface: "0.0.0.0", options: options) { datagram, _ in
  let fields = datagram.text.split(separator: "\r\n").filter { $0.hasPrefix("ST:") || $0.hasPrefix("LOCATION:") }
  print("a device: \(fields.joined(separator: ", "))")
}
search.onError = { print($0) }
search.send(
  "M-SEARCH * HTTP/1.1\r\nHOST: \(group):\(port)\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n",
  to: SocketAddress(ip: group, port: port)!)
reactor.callLater(.seconds(1)) { reactor.stop() }
reactor.run()
