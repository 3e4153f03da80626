#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// The time limits of a stream, which its connection checks.
extension HTTP2ServerStream {
  /// When the next of its time limits ends.
  var deadline: Int64 { isOver ? resetDeadline : min(contentDeadline, handlerDeadline, watch.deadline) }

  private var contentDeadline: Int64 {
    if asksForTunnel || hasInputEnded || isContentDropped || owesContinue || upload?.isPaused == true { return .max }
    return contentLimit
  }

  private var handlerDeadline: Int64 {
    // While content comes, that has the limit.
    if let upload, !upload.isPaused, !isContentDropped, !owesContinue { return .max }
    return exchange?.handlerDeadline(server.times) ?? .max
  }

  func check(_ now: Int64) {
    if isOver {
      if resetDeadline <= now {
        resetDeadline = .max
        session.reset(id, .noError)
      }
      return
    }
    if contentDeadline <= now {
      server.noteSlowClient(connection.facts.peer, .content, at: now)
      return failContent(.lateContent)
    }
    if handlerDeadline <= now { return refuseHandler() }
    if watch.deadline <= now { checkWriting(now) }
  }

  private func refuseHandler() {
    guard let exchange else { return }
    let error = server.lateHandler(exchange.request, from: connection.facts.peer)
    exchange.state = .ready(server.response(to: error, exchange.request))
    exchange.responder = nil
    exchange.source.take()?.cancel()
    respond()
  }

  func beginWatch(_ now: Int64) {
    watch.begin(sentBytes, at: now, server.times)
    connectionWatch.begin(session.sentContent, at: now, server.times)
  }

  private var sentBytes: Int { (written?.bytes ?? 0) - session.pendingBytes(of: id) }

  /// Resets the stream if its client opens no window for what is to be sent.
  private func checkWriting(_ now: Int64) {
    if session.pendingBytes(of: id) == 0 {
      watch.end()
    } else if isStuck {
      server.noteSlowClient(connection.facts.peer, .reading, at: now)
      reset(.cancel)
    } else {
      beginWatch(now)
    }
  }

  /// Whether the client takes less than it has to. A stream whose window is open may have to wait for others: then the
  /// content of the connection counts, and nothing else that is sent there, such as the answers to a client's PINGs.
  private var isStuck: Bool {
    if watch.hasTaken(sentBytes, server.times) { return false }
    return session.window(of: id) <= 0 || !connectionWatch.hasTaken(session.sentContent, server.times)
  }
}
#endif
