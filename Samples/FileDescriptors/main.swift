// The reactor watches a descriptor of the program's own object.
// Answers to: Twisted's reactor.addReader.
// Run: `swift run FileDescriptors`. Leaves out: addWriter for the other direction, and non-blocking reads of more than
// one message.
import Glibc
import Swirl

/// A pipe whose messages are lines: the reactor can watch any object with a `fileDescriptor`, such as a serial port or
/// inotify.
final class Mailbox: FileDescriptorConvertible {
  private var ends: [Int32] = [-1, -1]
  var fileDescriptor: Int32 { ends[0] }

  init() { precondition(pipe(&ends) == 0, "no pipe") }

  func send(_ message: String) { _ = write(ends[1], message, message.utf8.count) }

  func receive() -> String {
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = read(ends[0], &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  func close() { for end in ends { _ = Glibc.close(end) } }
}

let mailbox = Mailbox()
var received = 0

try reactor.addReader(mailbox) {
  print("received: \(mailbox.receive())")
  received += 1
  if received == 3 {
    reactor.removeReader(mailbox)
    mailbox.close()
    reactor.stop()
  }
}
for number in 1...3 {
  reactor.callLater(.milliseconds(100 * number)) { mailbox.send("message \(number)") }
}
reactor.run()
