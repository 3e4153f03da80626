import HTTPTypes
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension HTTPServer {
  /// Lets the listener close connections of clients that have enough.
  func limitConnections(of listener: Listener) {
    guard let limits = configuration.clientLimits, limits.connections != nil else { return }
    listener.admit = { [proxies = configuration.trustedProxies] address in
      if let address, proxies?.contain(address) == true { return .unlimited }
      return limits.admit(address)
    }
  }

  /// Why a request is answered without its handler; nil if it is not. Asked once a request: at its head if it has
  /// content, so that this need not come.
  func refusal(of request: Request) -> StatusError? {
    if memory != nil, isOverloaded(at: Reactor.running?.turnTime ?? SystemClock.monotonic) { return .overloaded }
    guard let limits = configuration.clientLimits, limits.rates != nil,
      let seconds = limits.retryAfter(request.clientAddress, at: Reactor.running?.turnTime ?? SystemClock.monotonic)
    else { return nil }
    return StatusError(
      .tooManyRequests, "too many requests: try again in \(seconds) s", headers: [.retryAfter: "\(seconds)"])
  }
}
