import Testing

/// What a process that an exit test has ended wrote to standard error.
func words(of result: ExitTest.Result?) -> String {
  guard let result else { return "" }
  return String(decoding: result.standardErrorContent, as: UTF8.self)
}
