public import HTTPTypes
public import SwirlDeferred
import SwirlReactor
import SwirlSystem

extension HTTPClient {
  /// A file that was downloaded.
  public struct Download: Sendable {
    /// The URL that answered.
    public let url: String
    /// The status of the answer: a success, unless any was accepted.
    public let status: HTTPResponse.Status
    /// The fields of the answer.
    public let headers: HTTPFields
    /// Where the file is.
    public let path: String
    /// How long it is, in bytes.
    public let size: Int
    /// How much of it was there before, from an earlier try.
    public let resumedAt: Int
  }

  /// Asks for `request` and writes the content to the file `path` while it comes; it is never in memory as a whole.
  ///
  /// Until all is there it is written to `path.part`, which then takes the place of `path`; what is no file, such as `/dev/null`, is
  /// written to itself. Where that name would be longer than 255 bytes it is cut, with a hash to tell it from others. The file is written on
  /// threads, a quarter of a mebibyte or more at once, and a slow disk makes the server wait. Cancelling the Deferred ends the request.
  ///
  /// What was written is kept when the download fails. A later one that resumes asks for the rest, if the server sent a strong validator
  /// with the part: an ETag, or a Last-Modified that was over by its Date (RFC 9110 §13.1.5). It is kept in `path.origin.part`, with the
  /// URL and the length. The download starts again, without a range, when there is none, when it is another now, or when what the server
  /// says of the rest does not fit the part. So the file is that of one version, or the download fails.
  ///
  /// Errors: an ``HTTPError`` of code `.status` for a status that is no success, unless any is accepted, `.closedEarly` when the content is shorter than the server
  /// said, `.invalidResponse` when it is longer or is another range than the request asked for; a `FileError`, also when another
  /// download writes to `path.part` at the same time.
  ///
  /// - Parameters:
  ///   - request: what is asked for. If it has a range of its own, the file has that range alone, and nothing is resumed.
  ///   - path: the file.
  ///   - resuming: whether to resume what an earlier download left. Only a GET is.
  ///   - acceptingAnyStatus: whether the content of an answer that is no success is written to the file, too, as curl does without `--fail`. Where
  ///     a part is resumed such an answer is still an error, so that the part stays.
  ///   - progress: told on the reactor's thread how many bytes there are, and how many there will be where that is known.
  public func download(
    _ request: Request, to path: String, resuming: Bool = false, acceptingAnyStatus: Bool = false,
    progress: ((_ received: Int, _ total: Int?) -> Void)? = nil
  ) -> Deferred<Download> {
    let part = PartFile(path)
    return reactor.withFiles(SystemPath(path), purpose: .writing) { try part.open() }.addCallback {
      [self] rest -> Deferred<Download> in
      var request = request
      // Positions are those of what is sent.
      request.decodesContent = false
      if !request.headers.contains(.acceptEncoding) { request.headers[.acceptEncoding] = "identity" }
      let download = FileDownload(
        request, part, resuming ? rest : nil, acceptingAnyStatus: acceptingAnyStatus, self, progress)
      return download.start()
    }
  }
}
