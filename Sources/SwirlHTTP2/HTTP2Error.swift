#if HTTP2
/// The session cannot continue.
package struct HTTP2Error: Error, Sendable, CustomStringConvertible {
  package let description: String
}
#endif
