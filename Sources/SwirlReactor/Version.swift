/// The version of the library: in the `User-Agent` of its client and in the `--version` of its programs.
public let swirlVersion = "0.1.0"
