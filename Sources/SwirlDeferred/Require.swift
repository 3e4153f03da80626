/// Traps with `message` unless `condition` holds: for programming errors of the library's users.
///
/// `precondition` omits its message in release builds; this prints it in every build. Invariants of the library itself
/// stay `precondition`.
@inlinable
package func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  guard condition() else { fatalError(message(), file: file, line: line) }
}
