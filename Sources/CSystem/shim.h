#ifndef SWIRL_CSYSTEM_SHIM_H
#define SWIRL_CSYSTEM_SHIM_H

// Calls of the system that Swift's module of the C library leaves out: extensions of Linux, and variadic functions.

#include <sys/types.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __USE_GNU
int accept4(int, struct sockaddr *_Nullable, socklen_t *_Nullable, int);
#endif

static inline int swirl_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int swirl_is_main_thread(void) { return syscall(SYS_gettid) == getpid(); }
static inline void swirl_set_thread_name(const char *_Nonnull name) { prctl(PR_SET_NAME, name); }
static inline int swirl_accept(int listener, struct sockaddr *_Nonnull address, socklen_t *_Nonnull length) {
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Exported by libdispatch for the run loop of CoreFoundation, in no public header: the descriptor that becomes readable
// when the main queue has work.
int _dispatch_get_main_queue_handle_4CF(void);
#endif

// The same: does the work of the main queue.
void _dispatch_main_queue_callback_4CF(void *_Null_unspecified message);

#endif
