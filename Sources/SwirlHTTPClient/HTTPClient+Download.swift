public import HTTPTypes
public import SwirlDeferred
import SwirlReactor
import SwirlSystem

extension HTTPClient {
  /// A downloaded file.
  public struct Download: Sendable {
    /// The final URL.
    public let url: String
    /// The status of the response: a success, unless any was accepted.
    public let status: HTTPResponse.Status
    /// The fields of the response.
    public let headers: HTTPFields
    /// The path of the file.
    public let path: String
    /// Its size in bytes.
    public let size: Int
    /// The number of bytes resumed from an earlier attempt.
    public let resumedAt: Int
  }

  /// Sends `request` and writes the content to the file `path` as it arrives; it is never in memory as a whole.
  ///
  /// It writes to `path.part`, and renames that to `path` when it is complete; a path that is not a regular file, such
  /// as `/dev/null`, is written in place. A name longer than 255 bytes is cut, with a hash that makes it unique.
  /// Threads write the file, at least a quarter of a mebibyte at once, and a slow disk applies back-pressure to the
  /// server. Cancelling the Deferred ends the request.
  ///
  /// A failed download keeps the part. A later one resumes it if the server sent a strong validator with it: an ETag,
  /// or a Last-Modified earlier than its Date (RFC 9110 §13.1.5), which is stored in `path.origin.part` with the URL
  /// and the length. The download starts again, without a range, if the validator is missing or has changed, or if the
  /// response does not match the part. So the file is of a single version, or the download fails.
  ///
  /// Errors: an ``HTTPError`` with the code `.status` for a status other than success, unless any is accepted,
  /// `.closedEarly` if the content is shorter than announced, `.invalidResponse` if it is longer or of another range
  /// than requested; a `FileError`, also if another download writes to `path.part` at the same time.
  ///
  /// - Parameters:
  ///   - request: the request. If it has its own range, the file has only that range, and no part is resumed.
  ///   - path: the file.
  ///   - resuming: whether to resume the part of an earlier download. Applies to GET only.
  ///   - acceptingAnyStatus: whether to write the content for other statuses than success too, as curl does without
  ///     `--fail`. When resuming, such a response is still an error, so that the part stays.
  ///   - progress: called on the reactor's thread with the number of received bytes, and the total if known.
  public func download(
    _ request: Request, to path: String, resuming: Bool = false, acceptingAnyStatus: Bool = false,
    progress: ((_ received: Int, _ total: Int?) -> Void)? = nil
  ) -> Deferred<Download> {
    let part = PartFile(path)
    return reactor.withFiles(SystemPath(path), purpose: .writing) { try part.open() }.addCallback {
      [self] rest -> Deferred<Download> in
      var request = request
      // Byte positions refer to the encoded content.
      request.decodesContent = false
      if !request.headers.contains(.acceptEncoding) { request.headers[.acceptEncoding] = "identity" }
      let download = FileDownload(
        request, part, resuming ? rest : nil, acceptingAnyStatus: acceptingAnyStatus, self, progress)
      return download.start()
    }
  }
}
