#ifndef SWIRL_CLIBEVENT_SHIM_H
#define SWIRL_CLIBEVENT_SHIM_H

// First, before any header of libevent: event-config.h defines _GNU_SOURCE, and the fd_set of these headers would then
// differ from the one in Swift's Glibc module.
#include <sys/types.h>
#include <stdint.h>

#include <event2/event.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// EFD_* are enumerators of an anonymous enum, which Swift does not import.
static inline int swirl_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Variadic, so Swift cannot call syscall(2) and prctl(2).
static inline int swirl_is_main_thread(void) { return syscall(SYS_gettid) == getpid(); }
static inline void swirl_set_thread_name(const char *_Nonnull name) { prctl(PR_SET_NAME, name); }

// Exported by libdispatch for the run loop of CoreFoundation, in no public header: the descriptor that becomes readable
// when the main queue has work.
int _dispatch_get_main_queue_handle_4CF(void);
#endif

// The same: does the work of the main queue.
void _dispatch_main_queue_callback_4CF(void *_Null_unspecified message);

#endif
