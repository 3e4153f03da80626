package import SwirlReactor

/// What the connections of a client share.
package final class RequestHub<Format: RequestFormat> {
  let limits: RequestLimits
  /// Unowned, because the reactor retains the service, and that this.
  package unowned let reactor: Reactor
  let name: String
  private let makeFormat: () -> Format
  let cancellations = RequestCancellations()
  let pushes = PushHandler<Format.Response>()
  /// Called when requests have ended.
  var onSettled: (() -> Void)?

  package init(
    named name: String, _ limits: RequestLimits, on reactor: Reactor, _ makeFormat: @escaping () -> Format
  ) {
    self.name = name
    self.limits = limits
    self.reactor = reactor
    self.makeFormat = makeFormat
  }

  package func makeConnection() -> RequestConnection<Format> {
    let connection = RequestConnection(
      makeFormat(), limits, on: reactor, cancellations: cancellations, pushes: pushes)
    connection.onSettled = { [self] in onSettled?() }
    return connection
  }
}
