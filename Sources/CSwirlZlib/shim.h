#ifndef SWIRL_CZLIB_SHIM_H
#define SWIRL_CZLIB_SHIM_H

// First, as for libevent: the types of these headers belong to the module of the C library.
#include <sys/types.h>

#include <zlib.h>

// inflateInit2 and deflateInit2 are macros, which Swift does not see: they say which version of the header this was
// compiled with.
static inline int swirl_inflate_init(z_stream *stream, int window_bits) { return inflateInit2(stream, window_bits); }
static inline int swirl_deflate_init(z_stream *stream, int level, int window_bits, int memory_level) {
  return deflateInit2(stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

#endif
