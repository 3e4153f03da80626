public import HTTPTypes
public import SwirlHTTPCore

extension HTTPServer.Request {
  /// The fields and files of a form with files, `multipart/form-data` (RFC 7578), in order, as ``formItems`` are those
  /// of a form without. The body's limit is that of the whole form: for large files there is
  /// `StreamedRequest.parts(limits:)`. Tornado: `request.files` and `get_body_arguments`; Flask: `request.files`.
  ///
  /// - Parameter limits: how many parts there may be, and how long their heads.
  /// - Throws: `StatusError`: 415 if the content is not such a form, 400 if it is malformed, 413 beyond the limits.
  public func multipartItems(limits: MultipartLimits = MultipartLimits()) throws(HTTPServer.StatusError)
    -> [MultipartItem]
  {
    var parser = MultipartParser(boundary: try HTTPServer.boundary(of: self["content-type"]), limits: limits)
    parser.append(body)
    var items: [MultipartItem] = []
    do throws(MultipartError) {
      while true {
        switch try parser.next() {
        case .part(let head): items.append(MultipartItem(head))
        case .content(let bytes): items[items.count - 1].bytes += bytes
        case .partEnded: break
        case .finished: return items
        case .needMore: throw .cut
        }
      }
    } catch { throw HTTPServer.StatusError(error) }
  }
}

/// A field or a file of a form.
public struct MultipartItem: Sendable {
  /// The name of the form's field.
  public var name: String { head.name }
  /// The name of the file as the client sent it; nil for a field that is no file. Never open a file by it: it may be a
  /// path to anywhere, or empty.
  public var fileName: String? { head.fileName }
  /// The media type that the client claims.
  public var contentType: String? { head.contentType }
  /// All its fields.
  public var headers: HTTPFields { head.fields }
  /// The content.
  public internal(set) var bytes: [UInt8] = []
  /// The content as UTF-8 text; invalid bytes become U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  private let head: MultipartHead

  init(_ head: MultipartHead) { self.head = head }
}
