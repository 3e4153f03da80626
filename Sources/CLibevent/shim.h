#ifndef SWIRL_CLIBEVENT_SHIM_H
#define SWIRL_CLIBEVENT_SHIM_H

// First, before any header of libevent: event-config.h defines _GNU_SOURCE, and the fd_set of these headers would then
// differ from the one in Swift's Glibc module.
#include <sys/types.h>

#include <event2/event.h>

#endif
