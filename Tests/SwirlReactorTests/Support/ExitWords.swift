import Testing

/// The standard error of a process that an exit test has ended.
func words(of result: ExitTest.Result?) -> String {
  guard let result else { return "" }
  return String(decoding: result.standardErrorContent, as: UTF8.self)
}
