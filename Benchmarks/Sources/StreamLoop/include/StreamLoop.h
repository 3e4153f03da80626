// A server of TCP in C that prints its free port of 127.0.0.1 and waits by epoll. It knows no limits and no deadlines.
#pragma once

#include <stddef.h>

struct stream {
  int descriptor;
  // What the kernel did not take of an answer; NULL if it took all.
  char *rest;
  size_t rest_count, rest_sent;
  // As much as the server asked for, zero at first.
  char own[];
};

// Serves connections that have `own` bytes each. `ready` reads one that has something to read, and returns 0 if it is over.
// Returns if it cannot start.
int serve_streams(size_t own, int (*ready)(struct stream *it));

// Sends bytes. It keeps what the kernel does not take, and until that is sent `ready` is not called for the stream: then
// `ready` must not read on. Returns 0 if the connection is over.
int stream_send(struct stream *it, const char *bytes, size_t count);
