/// Which end of the connection we are: a client masks its frames, a server does not (RFC 6455 §5.1).
package enum WebSocketRole: Sendable {
  case client, server
}
