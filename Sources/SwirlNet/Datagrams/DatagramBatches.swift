/// The memory of the system calls of all datagram sockets of a reactor. One set for all: each is used within a call.
final class DatagramBatches {
  /// nil while its datagrams are being passed on.
  var incoming: IncomingBatch?
  private(set) lazy var outgoing = OutgoingBatch()
}
