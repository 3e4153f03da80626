#ifndef SWIRL_CBROTLI_SHIM_H
#define SWIRL_CBROTLI_SHIM_H

// First, as for libevent: the types of these headers belong to the module of the C library.
#include <sys/types.h>

#include <brotli/decode.h>
#include <brotli/encode.h>

#endif
