#ifndef SWIRL_CZLIB_SHIM_H
#define SWIRL_CZLIB_SHIM_H

// First, as for libevent: the types of these headers belong to the module of the C library.
#include <sys/types.h>

#include <zlib.h>

// inflateInit2 is a macro, which Swift does not see: it says which version of the header this was compiled with.
static inline int swirl_inflate_init(z_stream *stream, int window_bits) { return inflateInit2(stream, window_bits); }

#endif
