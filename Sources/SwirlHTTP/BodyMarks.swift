/// How much of a body may wait for the task that takes it.
enum BodyMarks {
  /// At more than this many bytes the connection is not read any more.
  static let high = 128 * 1024
  /// At so many, or fewer, it is again.
  static let low = 32 * 1024
}
