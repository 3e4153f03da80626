extension Flag {
  /// The flags by topic, with the names and meanings of curl.
  static var table: [(topic: String, flags: [Flag])] {
    [
      ("The request", request), ("Credentials and cookies", credentials), ("The connection", connection),
      ("Redirects, failures and retries", failures), ("The output", output), ("The command", command),
    ]
  }

  private static var request: [Flag] {
    [
      text("X", "request", "METHOD", "The method.", \.method),
      texts(
        "H", "header", "FIELD", "A field: 'Name: value'; 'Name:' removes, 'Name;' is empty, @FILE has some.", \.headers),
      content(
        "d", "data", "Content to send as a form; @FILE is a file without its line ends, @- standard input.", .text),
      content(nil, "data-ascii", "The same.", .text),
      content(nil, "data-raw", "The same, without a meaning of @.", .raw),
      content(nil, "data-binary", "The same, with line ends.", .binary),
      content(nil, "data-urlencode", "The same, percent-encoded: 'name=content' or 'name@FILE'.", .urlEncoded),
      content(nil, "json", "Content to send as JSON.", .json),
      flag("G", "get", "Put the content of -d into the query.", \.putsContentInQuery),
      value(
        "F", "form", "PART", "A part of a form: 'name=value', 'name=@FILE' or 'name=<FILE', then ;type= and ;filename=."
      ) {
        $0.form.append(($1, false))
      },
      value(nil, "form-string", "PART", "The same, without a meaning of @, < and ;.") { $0.form.append(($1, true)) },
      texts("T", "upload-file", "FILE", "Send a file by PUT, one for each URL; - is standard input.", \.uploads),
      flag("I", "head", "Ask for the head alone.", \.isHead),
      text("A", "user-agent", "NAME", "The User-Agent.", \.userAgent),
      text("e", "referer", "URL", "The Referer.", \.referer),
      text("r", "range", "RANGE", "A range of bytes, such as 0-99 or -100.", \.range),
      flag(nil, "compressed", "Ask for content in a coding, and decode it.", \.isCompressed),
      texts(nil, "url", "URL", "What to fetch; {a,b} and [1-3] in it stand for several.", \.urls),
      flag("g", "globoff", "{} and [] in a URL mean themselves.", \.takesURLsLiterally),
    ]
  }

  private static var credentials: [Flag] {
    [
      text("u", "user", "USER:PASSWORD", "For basic authentication.", \.user),
      Flag(short: nil, long: "basic", help: "Basic authentication, the default.", action: .flag { $0.isDigest = !$1 }),
      flag(nil, "digest", "Digest authentication.", \.isDigest),
      text(nil, "oauth2-bearer", "TOKEN", "A bearer token.", \.bearer),
      flag("n", "netrc", "The credentials of ~/.netrc.", \.usesNetrc),
      flag(nil, "netrc-optional", "The same, if there is one.", \.netrcIsOptional),
      text(nil, "netrc-file", "FILE", "The same, from another file.", \.netrcFile),
      texts("b", "cookie", "COOKIES", "A file with cookies, or 'name=value; …'.", \.cookies),
      text("c", "cookie-jar", "FILE", "The file to save cookies to.", \.cookieJar),
    ]
  }

  private static var connection: [Flag] {
    [
      flag("k", "insecure", "Take any certificate.", \.isInsecure),
      text(nil, "cacert", "FILE", "The roots to trust.", \.roots),
      text("E", "cert", "FILE", "A certificate of your own.", \.certificate),
      text(nil, "key", "FILE", "Its private key.", \.key),
      Flag(
        short: nil, long: "tlsv1.2", help: "TLS 1.2 or later.", action: .flag { options, _ in options.minimumTLS = 2 }),
      Flag(short: nil, long: "tlsv1.3", help: "TLS 1.3.", action: .flag { options, _ in options.minimumTLS = 3 }),
      text("x", "proxy", "URL", "The proxy; by default that of the environment; '' for no proxy.", \.proxy),
      value(nil, "socks5-hostname", "HOST", "The same, a SOCKS5 proxy.") { $0.proxy = "socks5h://\($1)" },
      text("U", "proxy-user", "USER:PASSWORD", "For the proxy.", \.proxyUser),
      text(nil, "noproxy", "HOSTS", "Hosts to ask without a proxy; * for all.", \.noProxy),
      text(nil, "proxy-cacert", "FILE", "The roots to trust for an https proxy.", \.proxyRoots),
      texts(nil, "resolve", "HOST:PORT:ADDRESS", "The address of a name, also [ADDRESS],[ADDRESS].", \.resolve),
      Flag(short: "4", long: "ipv4", help: "IPv4 alone.", action: .flag { options, _ in options.family = .ipv4 }),
      Flag(short: "6", long: "ipv6", help: "IPv6 alone.", action: .flag { options, _ in options.family = .ipv6 }),
      seconds(nil, "connect-timeout", "The time to connect.", \.connectTimeout),
      seconds("m", "max-time", "The time for each URL.", \.maximumTime),
    ]
  }

  private static var failures: [Flag] {
    [
      flag("L", "location", "Follow redirects.", \.followsRedirects),
      count("max-redirs", "The most redirects to follow; -1 for no end.", \.maximumRedirects),
      flag("f", "fail", "A status of 400 and more is an error.", \.fails),
      flag(nil, "fail-with-body", "The same, but write the content too.", \.failsWithContent),
      count("retry", "Try again so often after a timeout or one of 408, 429, 500, 502, 503 and 504.", \.retries),
      seconds(nil, "retry-delay", "The pause before that; by default 1, then twice as long each time.", \.retryDelay),
      seconds(nil, "retry-max-time", "Try again within this time only.", \.retryTime),
      flag(nil, "retry-connrefused", "Try again when nothing listens, too.", \.retriesRefused),
      flag(nil, "retry-all-errors", "Try again after any failure.", \.retriesAll),
    ]
  }

  private static var output: [Flag] {
    [
      value("o", "output", "FILE", "The file to write to, one for each URL; - for standard output.") {
        $0.outputs.append(.file($1))
      },
      Flag(
        short: "O", long: "remote-name", help: "The file to write to has the name in the URL.",
        action: .flag { options, _ in
          options.outputs.append(.remoteName)
        }),
      flag(nil, "remote-name-all", "The same for all URLs.", \.namesAll),
      flag("J", "remote-header-name", "With -O: the name in Content-Disposition.", \.usesContentDisposition),
      text(nil, "output-dir", "FOLDER", "The folder for -o and -O.", \.folder),
      flag(nil, "create-dirs", "Make the folders of -o.", \.createsFolders),
      value("C", "continue-at", "-", "Resume what an earlier -o left.") { options, text in
        guard text == "-" else {
          throw UsageError(words: "-C takes -, which finds the place itself; for another see -r")
        }
        options.resumes = true
      },
      flag("i", "include", "Write the heads of the answers, too.", \.includesHead),
      text("D", "dump-header", "FILE", "The file to write the heads to; - for standard output.", \.headFile),
      text(
        "w", "write-out", "FORMAT", "What to print at the end, such as '%{http_code}\\n'; @FILE has it.", \.writeOut),
      flag(nil, "no-color", "JSON on a terminal without colours.", \.hasNoColor),
      flag("s", "silent", "No progress, no errors.", \.isSilent),
      flag("S", "show-error", "With -s: errors.", \.showsErrors),
      flag(nil, "no-progress-meter", "No progress.", \.hasNoProgress),
      flag("v", "verbose", "Show what is sent and what comes.", \.isVerbose),
    ]
  }

  private static var command: [Flag] {
    [
      flag("Z", "parallel", "Fetch the URLs at the same time.", \.isParallel),
      count("parallel-max", "How many at the same time.", \.parallelMaximum),
      value("K", "config", "FILE", "A file with options, one a line, such as 'header = \"A: b\"'.") { _, _ in },
      Flag(short: ":", long: "next", help: "New options, for the URLs that follow.", action: .flag { _, _ in }),
      Flag(short: "h", long: "help", help: "Print this.", action: .flag { options, _ in options.wish = .help }),
      Flag(
        short: "V", long: "version", help: "Print the version.", action: .flag { options, _ in options.wish = .version }
      ),
      ignored("#", "progress-bar", "Taken and ignored, for there is one progress."),
      ignored("N", "no-buffer", "Taken and ignored, for output is not held back."),
      ignored("q", "disable", "Taken and ignored, for there is no ~/.curlrc."),
      ignored(nil, "http1.1", "Taken and ignored, for there is no other version."),
    ]
  }
}
