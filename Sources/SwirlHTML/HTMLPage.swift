public import HTTPTypes

/// The parts of an HTML page that a crawler needs: links, title and robots directives.
///
/// ```swift
/// let response = try await fetch(url)
/// let page = HTMLPage(response.body, url: response.url, headers: response.headers)
/// for link in page.links { print(link) }
/// ```
///
/// It has no errors: bytes that are not HTML have no links. It loads nothing from the network or files, and ``Limits``
/// bound its memory. The initializer parses on the calling thread, about 10 ms for each megabyte; the result is a plain
/// value. It reads tags as the HTML standard's tokenizer does (§13.2.5), without running scripts.
public struct HTMLPage: Sendable {
  /// A link to another page.
  public struct Link: Sendable, Hashable {
    /// Its target: absolute, normalized, without a fragment.
    public let url: String
    /// Whether each link of the page to this URL has `rel=nofollow`.
    public internal(set) var isNofollow: Bool
  }

  /// How much of a page is parsed.
  public struct Limits: Sendable {
    /// The maximum number of bytes.
    public var bytes = 10 * 1024 * 1024
    /// The maximum number of links. Malformed and repeated links count separately, up to ten times as many.
    public var links = 10_000
    /// The maximum length of a link in bytes; longer ones count as malformed.
    public var linkLength = 2048
    /// The maximum length of a title in characters; the rest is cut off.
    public var titleLength = 1000

    /// The default limits.
    public init() {}
  }

  /// The URL of the page.
  public internal(set) var url: String
  /// The base URL of its links: `url`, or the value of `<base href>`.
  public internal(set) var base: String
  /// The text of its first `<title>`, with single spaces for runs of blanks; nil without a `<title>`.
  public internal(set) var title: String?
  /// The links of `a`, `area`, `frame` and `iframe` to `http` and `https` URLs, and of `Refresh` (in the page or a
  /// field). In the order of the page, each URL once.
  public internal(set) var allLinks: [Link] = []
  /// The number of links that were not URLs or too long.
  public internal(set) var malformedLinks = 0
  /// The robots directives of `<meta name=robots>` and the `X-Robots-Tag` field, in lower case: `noindex`, `nofollow`,
  /// …
  public internal(set) var robots: Set<String> = []
  /// Whether the whole page was parsed: false for a page beyond the ``Limits``.
  public internal(set) var isComplete = true

  /// The targets of its links: absolute, normalized, without fragments, each once.
  public var links: [String] { allLinks.map(\.url) }
  /// Like `links`, without those that the page asks robots not to follow.
  public var followableLinks: [String] { isNofollow ? [] : allLinks.filter { !$0.isNofollow }.map(\.url) }
  /// Whether the page asks robots to follow no links.
  public var isNofollow: Bool { robots.contains("nofollow") || robots.contains("none") }
  /// Whether the page asks robots not to index it.
  public var isNoindex: Bool { robots.contains("noindex") || robots.contains("none") }

  /// Reads a page.
  ///
  /// - Parameters:
  ///   - bytes: the page.
  ///   - url: the absolute URL of the page.
  ///   - charset: its character set if known, as from the Content-Type field; a byte order mark overrides it. If nil,
  ///     the page's `<meta>` decides; without one, UTF-8 if the bytes are valid UTF-8, otherwise windows-1252.
  ///   - limits: how much of it is parsed.
  public init(_ bytes: [UInt8], url: String, charset: String? = nil, limits: Limits = Limits()) {
    self.init(bytes, url, charset, for: nil, limits) { _ in }
  }

  /// Reads a page with the character set of its Content-Type field, as in `text/html; charset=utf-8`.
  public init(_ bytes: [UInt8], url: String, contentType: String?, limits: Limits = Limits()) {
    self.init(bytes, url: url, charset: contentType.flatMap(PageText.charset(ofContentType:)), limits: limits)
  }

  /// Reads a page with its response fields: `Content-Type` gives the character set, `X-Robots-Tag` counts like `<meta
  /// name=robots>`, and `Refresh` like a link.
  ///
  /// - Parameters:
  ///   - bytes: the page.
  ///   - url: the absolute URL of the page.
  ///   - headers: the fields of the response.
  ///   - agent: the crawler's product token: directives for it alone count too.
  ///   - limits: how much of it is parsed.
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
