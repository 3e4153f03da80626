import Swirl

/// The options of one part of the command line: up to `--next`, or to the end.
struct Options {
  /// One piece of content of -d and its relatives.
  struct Content {
    enum Kind { case text, raw, binary, urlEncoded, json }
    let kind: Kind
    let text: String
  }
  /// Where the content of a URL goes.
  enum Output: Equatable {
    case file(String)
    /// -O
    case remoteName
  }
  enum Wish { case transfers, help, version }

  var urls: [String] = []
  var takesURLsLiterally = false
  var wish = Wish.transfers

  // The request.
  var method: String?
  var headers: [String] = []
  var content: [Content] = []
  /// The parts of a form. Only the text of -F has files and attributes in it.
  var form: [(text: String, isLiteral: Bool)] = []
  /// The files of -T, one for each URL.
  var uploads: [String] = []
  var putsContentInQuery = false
  var isHead = false
  var userAgent: String?
  var referer: String?
  var range: String?
  var isCompressed = false
  var cookies: [String] = []
  var cookieJar: String?

  // Credentials.
  var user: String?
  var bearer: String?
  var isDigest = false
  var usesNetrc = false
  var netrcIsOptional = false
  var netrcFile: String?

  // The connection.
  var proxy: String?
  var proxyUser: String?
  var noProxy: String?
  var isInsecure = false
  var roots: String?
  var proxyRoots: String?
  var certificate: String?
  var key: String?
  var minimumTLS: Int?
  var resolve: [String] = []
  var family: SocketAddress.Family?
  var connectTimeout: Double?
  var maximumTime: Double?

  // What follows.
  var followsRedirects = false
  var maximumRedirects = 50
  var retries = 0
  var retryDelay: Double?
  var retryTime: Double?
  var retriesRefused = false
  var retriesAll = false
  var fails = false
  var failsWithContent = false

  // The output.
  var outputs: [Output] = []
  var namesAll = false
  var folder: String?
  var createsFolders = false
  var usesContentDisposition = false
  var resumes = false
  var includesHead = false
  var headFile: String?
  var writeOut: String?
  var hasNoColor = false

  // Of all parts.
  var isSilent = false
  var showsErrors = false
  var isVerbose = false
  var hasNoProgress = false
  var isParallel = false
  var parallelMaximum = 50

  init() {}

  /// A part after `--next`: it has the options that are for all of them.
  init(after previous: Options) {
    isSilent = previous.isSilent
    showsErrors = previous.showsErrors
    isVerbose = previous.isVerbose
    hasNoProgress = previous.hasNoProgress
    isParallel = previous.isParallel
    parallelMaximum = previous.parallelMaximum
  }

  var reportsErrors: Bool { !isSilent || showsErrors }

  /// The file to send to the URL number `index`; an empty name is no file.
  func upload(_ index: Int) -> String? { index < uploads.count && !uploads[index].isEmpty ? uploads[index] : nil }

  /// Where the content of the URL number `index` goes; nil for standard output.
  func output(_ index: Int) -> Output? {
    if index < outputs.count { return outputs[index] == .file("-") ? nil : outputs[index] }
    return namesAll ? .remoteName : nil
  }

  /// Whether -o names standard output, so that the user knows what comes there.
  func namesStandardOutput(_ index: Int) -> Bool { index < outputs.count && outputs[index] == .file("-") }
}

/// An invalid option.
struct UsageError: Error, CustomStringConvertible {
  let words: String
  var description: String { "\(words); `fetch --help` lists the options" }
}
