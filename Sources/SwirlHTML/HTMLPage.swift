public import HTTPTypes

/// What a crawler wants of an HTML page: its links, its title, and what it says to robots.
///
/// ```swift
/// let response = try await fetch(url)
/// let page = HTMLPage(response.body, url: response.url, headers: response.headers)
/// for link in page.links { print(link) }
/// ```
///
/// There are no errors: what is no HTML has no links. Nothing is loaded, neither over the network nor from files, and memory is bounded by
/// ``Limits``. Made on the thread that asks for it, which takes about 10 ms for each megabyte; a value to hand about afterwards. Tags are
/// read as the HTML standard's tokenizer does (§13.2.5), without scripts.
public struct HTMLPage: Sendable {
  /// A link to another page.
  public struct Link: Sendable, Hashable {
    /// Where it leads: absolute, normalized, without a fragment.
    public let url: String
    /// Whether each link of the page that leads there has `rel=nofollow`.
    public internal(set) var isNofollow: Bool
  }

  /// How much of a page is looked at.
  public struct Limits: Sendable {
    /// How many bytes of the page.
    public var bytes = 10 * 1024 * 1024
    /// How many links; of those that are malformed, or there already, ten times as many are looked at.
    public var links = 10_000
    /// How long a link may be, in bytes; longer ones count as malformed.
    public var linkLength = 2048
    /// How long a title may be, in characters; the rest is cut off.
    public var titleLength = 1000

    /// The default limits.
    public init() {}
  }

  /// Where the page was found.
  public internal(set) var url: String
  /// What its links are relative to: `url`, or what `<base href>` says.
  public internal(set) var base: String
  /// The text of its first `<title>`, blanks as single spaces; nil where there is none.
  public internal(set) var title: String?
  /// The links of `a`, `area`, `frame` and `iframe` to `http` and `https` URLs, and where the page or its `Refresh` field leads after a
  /// while; in the order of the page, each URL once.
  public internal(set) var allLinks: [Link] = []
  /// How many links were no URLs, or too long.
  public internal(set) var malformedLinks = 0
  /// What `<meta name=robots>` and the `X-Robots-Tag` field say, in lower case: `noindex`, `nofollow`, …
  public internal(set) var robots: Set<String> = []
  /// Whether all of it was looked at: false for a page beyond the ``Limits``.
  public internal(set) var isComplete = true

  /// Where its links lead: absolute, normalized, without fragments, each once.
  public var links: [String] { allLinks.map(\.url) }
  /// As `links`, without those that the page asks robots not to follow.
  public var followableLinks: [String] { isNofollow ? [] : allLinks.filter { !$0.isNofollow }.map(\.url) }
  /// Whether it asks robots to follow none of its links.
  public var isNofollow: Bool { robots.contains("nofollow") || robots.contains("none") }
  /// Whether it asks robots not to keep it.
  public var isNoindex: Bool { robots.contains("noindex") || robots.contains("none") }

  /// Reads a page.
  ///
  /// - Parameters:
  ///   - bytes: the page.
  ///   - url: where it was found, an absolute URL.
  ///   - charset: its character set where that is known, as by the Content-Type field; a byte order mark wins over it. Else what the page's
  ///     `<meta>` says; else UTF-8, or windows-1252 where it is not that.
  ///   - limits: how much of it is looked at.
  public init(_ bytes: [UInt8], url: String, charset: String? = nil, limits: Limits = Limits()) {
    self.init(bytes, url, charset, for: nil, limits) { _ in }
  }

  /// Reads a page whose character set its Content-Type field tells, as in `text/html; charset=utf-8`.
  public init(_ bytes: [UInt8], url: String, contentType: String?, limits: Limits = Limits()) {
    self.init(bytes, url: url, charset: contentType.flatMap(PageText.charset(ofContentType:)), limits: limits)
  }

  /// Reads a page with the fields that came with it: `Content-Type` tells its character set, `X-Robots-Tag` is as `<meta name=robots>`, and
  /// `Refresh` a link.
  ///
  /// - Parameters:
  ///   - bytes: the page.
  ///   - url: where it was found, an absolute URL.
  ///   - headers: the fields of the response.
  ///   - agent: the crawler's product token: what is said to it alone counts too.
  ///   - limits: how much of it is looked at.
  public init(
    _ bytes: [UInt8], url: String, headers: HTTPFields, for agent: String? = nil, limits: Limits = Limits()
  ) {
    let charset = headers[.contentType].flatMap(PageText.charset(ofContentType:))
    self.init(bytes, url, charset, for: agent, limits) { reader in
      reader.noteRobots(headers[values: HTTPField.Name("X-Robots-Tag")!])
      if let refresh = headers[HTTPField.Name("Refresh")!] { reader.noteRefresh(refresh) }
    }
  }

  private init(
    _ bytes: [UInt8], _ url: String, _ charset: String?, for agent: String?, _ limits: Limits,
    _ noteFields: (PageReader) -> Void
  ) {
    self.url = url
    base = defragmentURL(url)
    if bytes.count > limits.bytes { isComplete = false }
    let text = PageText(bytes.count > limits.bytes ? Array(bytes.prefix(limits.bytes)) : bytes, charset: charset)
    let reader = PageReader(self, text, for: agent, limits)
    noteFields(reader)
    HTMLTokenizer.parse(text.utf8, reader)
    self = reader.finished()
  }
}
