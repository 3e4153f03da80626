#ifndef SWIRL_CIDN2_SHIM_H
#define SWIRL_CIDN2_SHIM_H

// First, as for libevent: the types of these headers belong to the module of the C library.
#include <sys/types.h>

#include <idn2.h>

#endif
