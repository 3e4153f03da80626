import CurlLoad
import Measure

/// The multi interface on epoll: see CurlLoad.c. Large bodies are cheapest with the largest sensible buffer. For small
/// ones curl would allocate and free that with each request, so they use the default buffer.
func libcurl(_ load: Load) {
  let context = Unmanaged.passUnretained(load).toOpaque()
  let closes: Int32 = load.closesConnections ? 1 : 0
  let buffer = load.expectedLength > 64 * 1024 ? 256 * 1024 : 0
  let http2: Int32 = load.usesHTTP2 ? 1 : 0
  let result = curl_load_run(load.url, Int32(load.inFlight), closes, http2, buffer, load.roots, completed, context)
  if result != 0 { fail("libcurl could not be set up") }
}

private func completed(_ context: UnsafeMutableRawPointer?, status: Int, length: Int) -> Int32 {
  let load = Unmanaged<Load>.fromOpaque(context!).takeUnretainedValue()
  return load.complete(status: status, length: length) ? 1 : 0
}

/// Requests that are due at a fixed rate, on the same loop, which does not sleep.
func libcurlOpen(_ load: Load, _ requests: OpenRequests) {
  let source = curl_open_source(
    context: Unmanaged.passUnretained(requests).toOpaque(),
    next: { context in Unmanaged<OpenRequests>.fromOpaque(context!).takeUnretainedValue().next() ?? 0 },
    completed: { context, due, status, length in
      let requests = Unmanaged<OpenRequests>.fromOpaque(context!).takeUnretainedValue()
      requests.complete(due: due, status: status, length: length)
      return requests.isOver ? 1 : 0
    })
  if curl_open_run(load.url, Int32(load.inFlight), source) != 0 { fail("libcurl could not be set up") }
}
