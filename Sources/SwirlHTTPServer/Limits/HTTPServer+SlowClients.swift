import Logging
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension HTTPServer {
  /// How many requests and connections were ended because their clients sent or read too slowly: see
  /// ``Configuration/headTimeout``, ``Configuration/bodyTimeout`` and ``Configuration/writeTimeout``. One in ten
  /// seconds is logged.
  public var slowClients: Int { slowness.count }

  /// A client is ended because it is too slow.
  func noteSlowClient(_ peer: SocketAddress?, _ kind: ClientSlowness, at now: Int64) {
    slowness.count += 1
    guard slowness.interval.begin(at: now) else { return }
    logger.notice(
      "\(peer?.description ?? "a client") \(kind.reason), and was ended; \(slowness.count.of("slow client") ?? "") so far"
    )
  }
}

/// The slow clients of a server.
struct SlowClients {
  var count = 0
  var interval = LogInterval()
}

extension ClientSlowness {
  fileprivate var reason: String {
    switch self {
    case .head: "sent a request head too slowly"
    case .content: "sent a request body too slowly"
    case .reading: "read a response too slowly"
    }
  }
}
