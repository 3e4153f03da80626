#include <stdint.h>

// In C, because libcurl's options are variadic functions, which Swift does not import.

/// Told of each response: its status (0 when there was none) and length. Returns whether another request shall be made.
typedef int (*curl_load_completed)(void *context, long status, long length);

/// Keeps `inFlight` GETs of `url` under way until every request was completed and none is to follow.
/// With `http2` all share one connection. `buffer` is how much is read at once, 0 for what libcurl takes by itself;
/// `roots` the file with the certificates to trust, NULL for those of the system.
/// Returns 0, or -1 when libcurl or epoll could not be set up.
int curl_load_run(const char *url, int inFlight, int closesConnections, int http2, long buffer, const char *roots,
                  curl_load_completed completed, void *context);

/// Where requests of an open load come from. `next` gives when a request was due, 0 if none is by now; `completed` is told of each
/// response, and returns whether it was the last one.
typedef struct {
  void *context;
  uint64_t (*next)(void *context);
  int (*completed)(void *context, uint64_t due, long status, long length);
} curl_open_source;

/// Makes GETs of `url` as they become due, on so many connections at most, without sleeping, until the last is complete.
/// Returns 0, or -1 when libcurl or epoll could not be set up.
int curl_open_run(const char *url, int connections, curl_open_source source);
