import ArgumentParser
import Swirl

/// The most common flags of curl.
struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "fetch", version: "fetch \(swirlVersion)")

  @Option(name: [.customShort("X"), .customLong("request")], help: "The method.")
  var method: String?
  @Option(name: [.customShort("H"), .customLong("header")], help: "A field to send: 'Name: value'.")
  var headers: [String] = []
  @Option(name: [.customShort("d"), .customLong("data")], help: "Content to send as a form; @FILE sends a file.")
  var data: [String] = []
  @Option(name: .long, help: "Content to send as JSON.")
  var json: String?
  @Option(name: [.customShort("F"), .customLong("form")], help: "A part of a form: name=value, or name=@FILE.")
  var form: [String] = []
  @Option(name: [.customShort("o"), .customLong("output")], help: "The file to write to, one for each URL.")
  var outputs: [String] = []
  @Flag(name: [.customShort("C"), .customLong("continue")], help: "Go on with what an earlier -o left.")
  var resumes = false
  @Flag(name: [.customShort("L"), .customLong("location")], help: "Follow redirects.")
  var follows = false
  @Flag(name: [.customShort("k"), .customLong("insecure")], help: "Take any certificate.")
  var isInsecure = false
  @Option(name: [.customShort("u"), .customLong("user")], help: "user:password, for basic authentication.")
  var user: String?
  @Flag(name: .long, help: "With -u: digest authentication.")
  var digest = false
  @Option(name: [.customShort("x"), .customLong("proxy")], help: "The proxy; by default that of the environment.")
  var proxy: String?
  @Option(name: .long, help: "The file with the roots to trust.")
  var cacert: String?
  @Option(name: .long, help: "The file with the roots to trust for an https proxy.")
  var proxyCacert: String?
  @Option(name: [.customShort("b"), .customLong("cookie")], help: "A file with cookies, or 'name=value; …'.")
  var cookie: String?
  @Option(name: [.customShort("c"), .customLong("cookie-jar")], help: "The file to save cookies to.")
  var cookieJar: String?
  @Flag(name: [.customShort("I"), .customLong("head")], help: "Ask for the head alone.")
  var isHead = false
  @Flag(name: [.customShort("i"), .customLong("include")], help: "Print the head of the answer, too.")
  var includesHead = false
  @Flag(name: [.customShort("s"), .customLong("silent")], help: "No progress, no errors.")
  var isSilent = false
  @Flag(name: [.customShort("f"), .customLong("fail")], help: "A status of 400 and more is an error.")
  var fails = false
  @Flag(name: .long, help: "Ask for content in a coding, and decode it.")
  var compressed = false
  @Option(name: [.customShort("m"), .customLong("max-time")], help: "The time for each URL, in seconds.")
  var maximumTime: Double?
  @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Tell what is sent and what comes.")
  var isVerbose = false
  @Option(name: .long, help: "How many URLs at once.")
  var parallel = 1
  @Argument(help: "What to fetch.")
  var urls: [String]

  func validate() throws {
    if urls.isEmpty { throw ValidationError("give a URL") }
    // NaN is in no range.
    if let maximumTime, !(0...1e9 ~= maximumTime) {
      throw ValidationError("--max-time is in seconds, and not negative")
    }
    if parallel < 1 { throw ValidationError("--parallel must be 1 or more") }
    if outputs.count > urls.count { throw ValidationError("more -o than URLs") }
  }
}
