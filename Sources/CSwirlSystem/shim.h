#ifndef SWIRL_SYSTEM_SHIM_H
#define SWIRL_SYSTEM_SHIM_H

// Calls of the system that Swift's module of the C library leaves out: extensions of Linux, and variadic functions.

#if defined(__linux__)
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int swirl_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int swirl_is_main_thread(void) { return syscall(SYS_gettid) == getpid(); }
static inline void swirl_set_thread_name(const char *_Nonnull name) { prctl(PR_SET_NAME, name); }
// Without <sys/socket.h>, whose types would then belong to this module instead of the C library's: accept4(2) by its number.
static inline int swirl_accept(int listener, void *_Nonnull address, void *_Nonnull length, int flags) {
  return (int)syscall(SYS_accept4, listener, address, length, flags);
}

// Exported by libdispatch for the run loop of CoreFoundation, in no public header: the descriptor that becomes readable
// when the main queue has work.
int _dispatch_get_main_queue_handle_4CF(void);
#endif

// The same: does the work of the main queue.
void _dispatch_main_queue_callback_4CF(void *_Null_unspecified message);

#endif
