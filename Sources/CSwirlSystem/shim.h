#ifndef SWIRL_SYSTEM_SHIM_H
#define SWIRL_SYSTEM_SHIM_H

// Calls of the system that Swift's module of the C library leaves out: extensions of Linux, and variadic functions.

#include <sys/types.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int swirl_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int swirl_is_main_thread(void) { return syscall(SYS_gettid) == getpid(); }
static inline void swirl_set_thread_name(const char *_Nonnull name) { prctl(PR_SET_NAME, name); }

// accept4(2), which the headers show to _GNU_SOURCE only. Without <sys/socket.h> and <fcntl.h>: their types, such as struct stat, would then
// belong to this module or to Glibc as the compiler happens to load them, and files that import one of the two would compile by chance.
// The numbers are SOCK_NONBLOCK and SOCK_CLOEXEC.
static inline int swirl_accept(int listener, void *_Nonnull address, unsigned int *_Nonnull length) {
  return syscall(SYS_accept4, listener, address, length, 04000 | 02000000);
}

// Exported by libdispatch for the run loop of CoreFoundation, in no public header: the descriptor that becomes readable
// when the main queue has work.
int _dispatch_get_main_queue_handle_4CF(void);

// Where the main thread of a program with an async `main` goes when that suspends for the first time: a hook of libswift_Concurrency, which
// exports it for programs that have an event loop (swift/Runtime/Concurrency.h). `original` is dispatchMain(), which never returns.
extern void *_Nullable swift_task_asyncMainDrainQueue_hook;
void swirl_run_main_reactor(void);
typedef __attribute__((swiftcall)) void (*swirl_main_drain)(void);
static __attribute__((swiftcall)) void swirl_drain_main_thread(swirl_main_drain _Nonnull original) {
  swirl_run_main_reactor();
  original();
}

// On the main thread, before `main` suspends.
static inline void swirl_take_over_main_thread(void) {
  swift_task_asyncMainDrainQueue_hook = (void *)swirl_drain_main_thread;
}
#endif

// The same: does the work of the main queue.
void _dispatch_main_queue_callback_4CF(void *_Null_unspecified message);

#endif
