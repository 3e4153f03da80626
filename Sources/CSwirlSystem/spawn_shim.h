#ifndef SWIRL_SYSTEM_SPAWN_SHIM_H
#define SWIRL_SYSTEM_SPAWN_SHIM_H

// posix_spawn, in one call: what it takes are structures that differ from system to system, and extensions that Swift's module of
// the C library leaves out. Without <signal.h> and <fcntl.h>, for the reason that shim.h gives for <sys/socket.h>.

#include <spawn.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#else
#include <fcntl.h>
#endif

#if defined(__APPLE__)
extern char ***_NSGetEnviron(void);
static inline char *_Nullable *_Nonnull swirl_environment(void) { return *_NSGetEnviron(); }
#else
extern char **environ;
static inline char *_Nullable *_Nonnull swirl_environment(void) { return environ; }
#endif

// A pipe whose ends are closed on exec from the start, so that no other thread's child gets them.
static inline int swirl_pipe(int *_Nonnull ends) {
#if defined(__linux__)
  return (int)syscall(SYS_pipe2, ends, 02000000 /* O_CLOEXEC */);
#else
  if (pipe(ends) != 0) return -1;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return 0;
#endif
}

// A descriptor that is readable when the process has exited, or -1.
static inline int swirl_pidfd_open(pid_t process) {
#if defined(__linux__) && defined(SYS_pidfd_open)
  return (int)syscall(SYS_pidfd_open, process, 0);
#else
  (void)process;
  return -1;
#endif
}

// The headers show these to _GNU_SOURCE only.
#if defined(__linux__)
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *_Nonnull actions, const char *_Nonnull path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *_Nonnull actions, int from);
#endif

// Starts `path` with descriptors 0 to count - 1 as given, -1 being /dev/null, -2 none, and no others; its signals are as for a new login.
// Those that are given are beyond count, or in their place already. Returns zero or the error.
static inline int swirl_spawn(
    pid_t *_Nonnull process, const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
    char *_Nullable const *_Nonnull environment, const char *_Nullable directory, const int *_Nonnull descriptors, int count,
    int has_own_group) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawnattr_init(&attributes);
  if (error) {
    posix_spawn_file_actions_destroy(&actions);
    return error;
  }
  for (int i = 0; !error && i < count; i++) {
    error = descriptors[i] == -2 ? posix_spawn_file_actions_addclose(&actions, i)
            : descriptors[i] < 0 ? posix_spawn_file_actions_addopen(&actions, i, "/dev/null", 2 /* O_RDWR */, 0)
                               : posix_spawn_file_actions_adddup2(&actions, descriptors[i], i);
  }
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#if defined(__APPLE__)
  flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#else
  if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, count);
#endif
  if (!error && directory) error = posix_spawn_file_actions_addchdir_np(&actions, directory);
  sigset_t none, all;
  __builtin_memset(&none, 0, sizeof none);
  __builtin_memset(&all, 0xff, sizeof all);
  if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
  if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
  if (has_own_group) {
    flags |= POSIX_SPAWN_SETPGROUP;
    if (!error) error = posix_spawnattr_setpgroup(&attributes, 0);
  }
  if (!error) error = posix_spawnattr_setflags(&attributes, flags);
  if (!error) error = posix_spawn(process, path, &actions, &attributes, (char *const *)arguments, (char *const *)environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

#endif
