import SwirlPlatform
import Synchronization

/// A file that is being sent: it counts among those of its server and of its connection until this is released.
///
/// A connection of HTTP/2 may ask for a hundred files at once and read nothing. So most descriptors stay for others:
/// beyond the server's bound a connection gets no more than a few.
final class CountedFile: Sendable {
  private let connection: ConnectionFacts

  /// nil if the connection has enough while the server has no more to spare.
  init?(of request: HTTPServer.Request) {
    connection = request.connection
    let own = connection.openFiles.add(1, ordering: .relaxed).newValue
    guard let server = connection.server else { return }
    let all = server.openFiles.add(1, ordering: .relaxed).newValue
    // A failure releases this, which takes it out of the counts.
    if all > server.maximumOpenFiles, own > Self.ofConnection { return nil }
  }

  deinit {
    connection.openFiles.subtract(1, ordering: .relaxed)
    connection.server?.openFiles.subtract(1, ordering: .relaxed)
  }

  /// How many files a connection may have open, whatever others have.
  static let ofConnection = 2

  /// How many files a server has open by default: a quarter of the descriptors that the process may have.
  static var defaultMaximum: Int {
    let limit = sysconf(Int32(_SC_OPEN_MAX))
    return limit > 0 ? max(16, limit / 4) : .max
  }
}

extension ConnectionFacts {
  /// Whether a file is opened or sent, which needs no handler.
  var isSendingFile: Bool {
    openFiles.load(ordering: .relaxed) > 0 || openingFiles.load(ordering: .relaxed) > 0
  }
}

extension HTTPServer.StatusError {
  static var tooManyFiles: HTTPServer.StatusError {
    .init(
      .serviceUnavailable, "503 Service Unavailable: too many files are being sent: try again later",
      headers: [.retryAfter: "1"])
  }
}
