import CurlLoad
import Measure

/// The multi interface on epoll: see CurlLoad.c.
func libcurl(_ load: Load) {
  let context = Unmanaged.passUnretained(load).toOpaque()
  let result = curl_load_run(
    load.url, Int32(load.inFlight), load.closesConnections ? 1 : 0,
    { context, status, length in
      Unmanaged<Load>.fromOpaque(context!).takeUnretainedValue().complete(status: status, length: length) ? 1 : 0
    }, context)
  if result != 0 { fail("libcurl could not be set up") }
}
