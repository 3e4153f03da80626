/// Back-pressure for a body that a task consumes.
package enum BodyWaterMarks {
  /// Above this many buffered bytes the connection stops reading.
  package static let high = 128 * 1024
  /// At this many or fewer it resumes reading.
  package static let low = 32 * 1024
}
