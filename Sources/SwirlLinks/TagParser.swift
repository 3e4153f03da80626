internal import CLibXML2

/// Who is told of the tags and the text of a page, in order.
protocol TagReader: AnyObject {
  /// Whether text is wanted: it is not even copied else.
  var wantsText: Bool { get }
  func start(_ tag: String, _ attribute: (String) -> String?)
  func end(_ tag: String)
  func text(_ bytes: UnsafeBufferPointer<UInt8>)
}

/// libxml2's HTML parser, without a tree: what it has read is told and forgotten.
enum TagParser {
  /// What its one initialisation is: libxml2 wants it done before threads parse.
  private static let isReady: Void = xmlInitParser()

  /// So many open elements are remembered from one piece to the next; the parser looks through them at each end tag, which would take
  /// time in the square of the page's size.
  private static let depth: Int32 = 100
  private static let pieceSize = 4 * 1024

  /// - Parameter page: in UTF-8, without NUL.
  static func parse(_ page: [UInt8], _ reader: any TagReader) {
    _ = isReady
    var handler = htmlSAXHandler()
    handler.startElement = { context, name, attributes in
      guard let context, let name else { return }
      TagParser.reader(context).start(TagParser.string(name)) { wanted in
        guard var attribute = attributes else { return nil }
        while let key = attribute.pointee {
          if TagParser.string(key) == wanted { return attribute[1].map(TagParser.string) ?? "" }
          attribute += 2
        }
        return nil
      }
    }
    handler.endElement = { context, name in
      guard let context, let name else { return }
      TagParser.reader(context).end(TagParser.string(name))
    }
    handler.characters = { context, text, count in
      guard let context, let text, count > 0 else { return }
      let reader = TagParser.reader(context)
      if reader.wantsText { reader.text(UnsafeBufferPointer(start: text, count: Int(count))) }
    }
    handler.ignorableWhitespace = handler.characters
    let box = Box(reader)
    // Right because the box outlives the parser, which is freed before this returns.
    let context = Unmanaged.passUnretained(box).toOpaque()
    guard let parser = htmlCreatePushParserCtxt(&handler, context, nil, 0, nil, XML_CHAR_ENCODING_UTF8) else { return }
    defer {
      if let document = parser.pointee.myDoc { xmlFreeDoc(document) }
      htmlFreeParserCtxt(parser)
    }
    // The page is UTF-8 by now, whatever its <meta> says; and no word of errors, of which most pages are full.
    htmlCtxtUseOptions(
      parser,
      Int32(
        HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue
          | HTML_PARSE_NONET.rawValue | HTML_PARSE_IGNORE_ENC.rawValue))
    // Two elements that nothing closes, since the parser takes no more when the last is closed, as by </html> in the middle of a page; it
    // passes over so many ends of them.
    parser.pointee.depth = .max / 2
    withExtendedLifetime(box) {
      htmlParseChunk(parser, "<html><body>", 12, 0)
      page.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        var taken = 0
        while taken < bytes.count {
          let count = min(pieceSize, bytes.count - taken)
          htmlParseChunk(parser, start + taken, Int32(count), 0)
          taken += count
          forgetDeepElements(parser)
        }
        htmlParseChunk(parser, nil, 0, 1)
      }
    }
  }

  /// Between two pieces no frame of the parser is on the stack, and its names, which belong to its dictionary, are looked at by number alone.
  private static func forgetDeepElements(_ parser: htmlParserCtxtPtr) {
    guard parser.pointee.nameNr > depth else { return }
    parser.pointee.nameNr = depth
    parser.pointee.name = parser.pointee.nameTab[Int(depth) - 1]
  }

  private final class Box {
    let reader: any TagReader
    init(_ reader: any TagReader) { self.reader = reader }
  }

  /// Right because what is given to the parser is the `Box` of the call that parses.
  private static func reader(_ context: UnsafeMutableRawPointer) -> any TagReader {
    Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().reader
  }

  private static func string(_ text: UnsafePointer<xmlChar>) -> String { String(cString: text) }
}
