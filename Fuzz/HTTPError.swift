/// What the URLs of the client need of the module's errors: the fuzzer of cookies is built without the network.
struct HTTPError {
  struct Code {
    static let invalidURL = Code()
    static let unsupportedScheme = Code()
  }
}
