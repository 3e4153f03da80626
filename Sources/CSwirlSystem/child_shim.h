#ifndef SWIRL_SYSTEM_CHILD_SHIM_H
#define SWIRL_SYSTEM_CHILD_SHIM_H

// A child process that posix_spawn cannot make: with a controlling terminal, or as another user. Without <signal.h> and <fcntl.h>, for the
// reason that shim.h gives for <sys/socket.h>.

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>

struct swirl_child {
  const char *_Nonnull path;
  char *_Nullable const *_Nonnull arguments;
  char *_Nullable const *_Nonnull environment;
  const char *_Nullable directory;
  // What the child gets as 0 to count - 1: -1 is /dev/null, -2 closed. Those that are given are beyond count, or in their place already.
  const int *_Nonnull descriptors;
  int count;
  int has_own_group;
  // The one that becomes its controlling terminal, in its own session; -1 for none.
  int terminal;
  int changes_user;
  unsigned user, group;
  const unsigned *_Nullable groups;
  int group_count;
};

// The step of the child that failed.
enum swirl_child_step {
  swirl_step_start = 0,
  swirl_step_session = 1,
  swirl_step_descriptors = 2,
  swirl_step_directory = 3,
  swirl_step_groups = 4,
  swirl_step_group = 5,
  swirl_step_user = 6,
  swirl_step_execute = 7,
};

static inline void swirl_child_failed(int pipe, int step) {
  int report[2] = {step, errno};
  ssize_t written = write(pipe, report, sizeof report);
  (void)written;
  _exit(127);
}

// Runs in the child: nothing but system calls, because another thread may have held any lock when it was made.
static inline void swirl_become_child(const struct swirl_child *_Nonnull child, int pipe) {
  // struct sigaction of the kernel, all zero: the default. SIGKILL and SIGSTOP refuse it.
  unsigned long action[4] = {0, 0, 0, 0};
  for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, action, (void *)0, 8);
  if (child->terminal >= 0) {
    if (setsid() < 0) swirl_child_failed(pipe, swirl_step_session);
    if (syscall(SYS_ioctl, child->terminal, 0x540E /* TIOCSCTTY */, 0) != 0) swirl_child_failed(pipe, swirl_step_session);
  } else if (child->has_own_group && setpgid(0, 0) != 0) {
    swirl_child_failed(pipe, swirl_step_session);
  }
  // The pipe of errors leaves the places of the child's own descriptors.
  pipe = (int)syscall(SYS_fcntl, pipe, 1030 /* F_DUPFD_CLOEXEC */, child->count);
  if (pipe < 0) _exit(127);
  for (int i = 0; i < child->count; i++) {
    int source = child->descriptors[i];
    if (source == i) {
      // Kept, without close-on-exec.
      if (syscall(SYS_fcntl, i, 2 /* F_SETFD */, 0) != 0) swirl_child_failed(pipe, swirl_step_descriptors);
    } else if (source == -1) {
      int null = (int)syscall(SYS_openat, -100 /* AT_FDCWD */, "/dev/null", 02 /* O_RDWR */, 0);
      if (null < 0 || (null != i && dup2(null, i) < 0)) swirl_child_failed(pipe, swirl_step_descriptors);
      if (null != i) close(null);
    } else if (source == -2) {
      close(i);
    } else if (dup2(source, i) < 0) {
      swirl_child_failed(pipe, swirl_step_descriptors);
    }
  }
  // The pipe of errors is the only one beyond: it is closed on exec. close_range(2).
  if (pipe != child->count) {
    if (syscall(SYS_dup3, pipe, child->count, 02000000 /* O_CLOEXEC */) < 0) swirl_child_failed(pipe, swirl_step_descriptors);
    pipe = child->count;
  }
  if (syscall(436 /* SYS_close_range */, pipe + 1, ~0u, 0) != 0) {
    for (int i = pipe + 1; i < 65536; i++) close(i);
  }
  // Groups before the group, and both before the user, who may change neither.
  if (child->changes_user) {
    if (syscall(SYS_setgroups, child->group_count, child->groups) != 0) swirl_child_failed(pipe, swirl_step_groups);
    if (syscall(SYS_setresgid, child->group, child->group, child->group) != 0) swirl_child_failed(pipe, swirl_step_group);
    if (syscall(SYS_setresuid, child->user, child->user, child->user) != 0) swirl_child_failed(pipe, swirl_step_user);
  }
  // As the new user, who may not be allowed to enter what the old one was.
  if (child->directory && chdir(child->directory) != 0) swirl_child_failed(pipe, swirl_step_directory);
  unsigned long none = 0;
  syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, (void *)0, 8);
  execve(child->path, (char *const *)child->arguments, (char *const *)child->environment);
  swirl_child_failed(pipe, swirl_step_execute);
}

// Starts the child, and waits until its program is executing. Returns zero, or the error, whose step is then in `step`.
static inline int swirl_fork_child(pid_t *_Nonnull process, const struct swirl_child *_Nonnull child, int *_Nonnull step) {
  int ends[2];
  *step = swirl_step_start;
  if (syscall(SYS_pipe2, ends, 02000000 /* O_CLOEXEC */) != 0) return errno;
  // Handlers of this process do not run in the child, which has its memory still.
  unsigned long all = ~0ul, mask = 0;
  syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &all, &mask, 8);
  pid_t made = fork();
  if (made == 0) swirl_become_child(child, ends[1]);
  int error = errno;
  syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &mask, (void *)0, 8);
  close(ends[1]);
  if (made < 0) {
    close(ends[0]);
    return error;
  }
  int report[2] = {0, 0};
  ssize_t count;
  do count = read(ends[0], report, sizeof report);
  while (count < 0 && errno == EINTR);
  close(ends[0]);
  if (count != sizeof report) {
    *process = made;
    return 0;
  }
  // It has ended, or is about to. waitpid(2).
  while (syscall(SYS_wait4, made, (void *)0, 0, (void *)0) < 0 && errno == EINTR) {}
  *step = report[0];
  return report[1];
}
#endif

#endif
