#ifndef SWIRL_CPQ_SHIM_H
#define SWIRL_CPQ_SHIM_H

// First, as for libevent: the types of these headers belong to the module of the C library.
#include <stdio.h>
#include <sys/types.h>

#include <libpq-fe.h>

#endif
