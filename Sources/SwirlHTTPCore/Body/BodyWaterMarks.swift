/// How much of a body may wait for the task that takes it.
package enum BodyWaterMarks {
  /// At more than this many bytes the connection is not read any more.
  package static let high = 128 * 1024
  /// At so many, or fewer, it is again.
  package static let low = 32 * 1024
}
