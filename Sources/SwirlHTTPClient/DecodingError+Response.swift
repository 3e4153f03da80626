extension DecodingError {
  /// The same error, whose words name what was decoded as well.
  func adding(_ words: String) -> DecodingError {
    func more(_ context: Context) -> Context {
      Context(
        codingPath: context.codingPath, debugDescription: "\(words): \(context.debugDescription)",
        underlyingError: context.underlyingError)
    }
    switch self {
    case .typeMismatch(let type, let context): return .typeMismatch(type, more(context))
    case .valueNotFound(let type, let context): return .valueNotFound(type, more(context))
    case .keyNotFound(let key, let context): return .keyNotFound(key, more(context))
    case .dataCorrupted(let context): return .dataCorrupted(more(context))
    @unknown default: return self
    }
  }
}
