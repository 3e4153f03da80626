package import HTTPTypes
import Synchronization

/// The trailers of a message whose content is streamed, which may be read on another thread than the reactor's.
package final class LateTrailers: Sendable {
  private let value: Mutex<HTTPFields?>

  package init(_ fields: HTTPFields? = nil) { value = Mutex(fields) }

  package var fields: HTTPFields? { value.withLock { $0 } }

  package func set(_ fields: HTTPFields) { value.withLock { $0 = fields } }
}
