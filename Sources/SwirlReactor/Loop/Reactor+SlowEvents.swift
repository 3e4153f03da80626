import Logging
import SwirlDeferred
import SwirlPlatform

extension Reactor {
  /// Measures the events of descriptors from the next turn on, or no longer.
  func measureSlowCallbacks() {
    slowNanoseconds = slowCallbackThreshold?.nanoseconds
    // Unowned: the reactor owns its backend.
    base.onFire = slowNanoseconds == nil ? nil : { [unowned self] event in fireMeasured(event) }
  }

  private func fireMeasured(_ event: FileEvent) {
    // Read before: the handler may close the descriptor. The handlers of signals are measured one by one.
    guard event.number >= 0 else { return event.fire() }
    let peer = PeerName(of: event.number)
    measure({ "what the event of descriptor \(event.number)\(peer.words) called" }) { event.fire() }
  }

  /// Runs `body`, and logs if all that it called took too long, unless one of these callbacks was logged itself.
  func measure(_ what: () -> String, _ body: () -> Void) {
    let reports = slowReports
    // The system's clock, because a callback takes real time even if the reactor's clock is virtual.
    let start = SystemClock.monotonic
    body()
    let nanoseconds = SystemClock.monotonic - start
    guard let slowNanoseconds, nanoseconds >= slowNanoseconds, slowReports == reports else { return }
    slowReports += 1
    log.warning("\(what()) ran for \(nanoseconds / 1_000_000) ms; nothing else ran meanwhile")
  }
}

/// The peer of a connected socket, read from the kernel.
private struct PeerName {
  private var address = sockaddr_storage()
  private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  init(of descriptor: Int32) {
    let code = withAddress { getpeername(descriptor, $0, $1) }
    if code != 0 { length = 0 }
  }

  /// " (connected with 127.0.0.1:80)"; empty if it is not connected over IP.
  var words: String {
    guard length > 0, [AF_INET, AF_INET6].contains(Int32(address.ss_family)) else { return "" }
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    var copy = self
    let code = copy.withAddress { address, length in
      getnameinfo(
        address, length.pointee, &host, socklen_t(host.count), &port, socklen_t(port.count),
        NI_NUMERICHOST | NI_NUMERICSERV)
    }
    guard code == 0 else { return "" }
    let texts = [host, port].map { text in
      String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return " (connected with \(texts[0].contains(":") ? "[\(texts[0])]" : texts[0]):\(texts[1]))"
  }

  /// The pointers are valid for the call; the kernel writes at most the given length.
  private mutating func withAddress(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> Int32 {
    withUnsafeMutablePointer(to: &length) { length in
      withUnsafeMutablePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
      }
    }
  }
}
