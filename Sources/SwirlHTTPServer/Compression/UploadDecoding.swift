import HTTPTypes
import SwirlContent
import SwirlHTTPCore
import SwirlReactor

/// Decodes a streamed body for its handler, in pieces of 64 KiB at most: what a read brings may decode to megabytes,
/// and waits in its coded form while the handler has enough.
///
/// The buffer's closures retain this: it outlives the source of the body when that has come as a whole.
final class UploadDecoding {
  private let decoder: ContentDecoder
  private var buffer: StreamBuffer<[UInt8]>!
  /// What is not decoded yet: from `offset` of the first piece.
  private var pending: [[UInt8]] = []
  private var offset = 0
  private(set) var pendingBytes = 0

  private var isPaused = false
  /// Whether the source was asked to pause.
  private var hasPausedSource = false
  /// Whether no more comes.
  private var hasEnded = false
  private var isOver = false
  // Until the source has ended.
  private var pauseSource: (() -> Void)?
  private var resumeSource: (() -> Void)?
  private var stopSource: (() -> Void)?
  private var sourceWanted: (() -> Void)?

  init(_ decoder: ContentDecoder) { self.decoder = decoder }

  func begin(
    _ buffer: StreamBuffer<[UInt8]>, pause: @escaping () -> Void, resume: @escaping () -> Void,
    stop: @escaping () -> Void, wanted: @escaping () -> Void
  ) {
    self.buffer = buffer
    (pauseSource, resumeSource, stopSource, sourceWanted) = (pause, resume, stop, wanted)
    buffer.setSource(
      StreamBuffer.Source(
        pause: { [self] in isPaused = true },
        resume: { [self] in
          isPaused = false
          decode()
        },
        stop: { [self] in
          let stop = stopSource
          end()
          stop?()
        }, wanted: { [self] in sourceWanted?() }))
  }

  func put(_ bytes: [UInt8]) {
    if isOver { return }
    pending.append(bytes)
    pendingBytes += bytes.count
    decode()
  }

  func finish(throwing error: (any Error)?) {
    if isOver { return }
    hasEnded = true
    releaseSource()
    if let error { return fail(error) }
    decode()
  }

  /// Decodes until the handler has enough.
  private func decode() {
    do throws(ContentError) {
      while !isPaused, !isOver, let piece = pending.first {
        var output: [UInt8] = []
        let isDone = try decoder.decode(piece.span, at: &offset, into: &output)
        if isDone {
          pending.removeFirst()
          pendingBytes -= piece.count
          offset = 0
        }
        if !output.isEmpty { buffer.put(output) }
      }
      if isOver { return }
      if pending.isEmpty, hasEnded {
        try decoder.finish()
        let buffer = buffer
        end()
        buffer?.finish()
      } else {
        adjustSource()
      }
    } catch {
      let stop = stopSource
      fail(HTTPServer.StatusError(HTTPResponse.Status(code: error.status), error.message))
      stop?()
    }
  }

  private func adjustSource() {
    if isPaused == hasPausedSource { return }
    hasPausedSource = isPaused
    if isPaused { pauseSource?() } else { resumeSource?() }
  }

  private func fail(_ error: any Error) {
    let buffer = buffer
    end()
    buffer?.finish(throwing: error)
  }

  private func releaseSource() { (pauseSource, resumeSource, stopSource, sourceWanted) = (nil, nil, nil, nil) }

  /// Releases the source and what it has sent.
  private func end() {
    isOver = true
    releaseSource()
    (pending, pendingBytes) = ([], 0)
    buffer = nil
  }
}

extension HTTPServer {
  /// What decodes the body of a streamed request; nil to take it as it comes.
  /// - Throws: 415 for a coding that is not known.
  func uploadDecoding(for head: RequestHead) throws(StatusError) -> UploadDecoding? {
    guard let limit = configuration.decodedBodyBytes, let coding = head.list("content-encoding") else { return nil }
    do throws(ContentError) {
      let limits = ContentLimits(maximumSize: limit)
      return try ContentDecoder(contentEncoding: coding, limits: limits).map(UploadDecoding.init)
    } catch {
      throw StatusError(HTTPResponse.Status(code: error.status), error.message)
    }
  }
}
