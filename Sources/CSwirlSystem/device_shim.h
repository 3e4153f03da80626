#ifndef SWIRL_SYSTEM_DEVICE_SHIM_H
#define SWIRL_SYSTEM_DEVICE_SHIM_H

// Terminals and inotify: ioctl(2) is variadic, and the structures would belong to this module or to Glibc by chance: see `swirl_accept`.

#include <stddef.h>
#include <sys/types.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

// Whether it is the side of a pseudo-terminal that plays the terminal: /dev/ptmx, which makes another one each time it is opened.
static inline int swirl_is_terminal_master(int descriptor) {
  unsigned number;
  return syscall(SYS_ioctl, descriptor, 0x80045430 /* TIOCGPTN */, &number) == 0;
}

// struct winsize.
struct swirl_terminal_size {
  unsigned short rows, columns, width, height;
};

static inline int swirl_get_terminal_size(int descriptor, struct swirl_terminal_size *_Nonnull size) {
  return (int)syscall(SYS_ioctl, descriptor, 0x5413 /* TIOCGWINSZ */, size);
}
static inline int swirl_set_terminal_size(int descriptor, const struct swirl_terminal_size *_Nonnull size) {
  return (int)syscall(SYS_ioctl, descriptor, 0x5414 /* TIOCSWINSZ */, size);
}

// The program's side of a pseudo-terminal, whose master is unlocked first. Without its path, which may be of another mount namespace.
static inline int swirl_open_terminal(int master) {
  int locked = 0;
  if (syscall(SYS_ioctl, master, 0x40045431 /* TIOCSPTLCK */, &locked) != 0) return -1;
  return (int)syscall(SYS_ioctl, master, 0x5441 /* TIOCGPTPEER */, 02 | 0400 | 02000000 /* O_RDWR, O_NOCTTY, O_CLOEXEC */);
}

// Refuses other programs that open the terminal, but for root's.
static inline int swirl_make_exclusive(int descriptor) { return (int)syscall(SYS_ioctl, descriptor, 0x540C /* TIOCEXCL */); }

static inline int swirl_inotify_init(void) { return (int)syscall(SYS_inotify_init1, 04000 | 02000000 /* IN_NONBLOCK, IN_CLOEXEC */); }
static inline int swirl_inotify_add(int descriptor, const char *_Nonnull path, unsigned mask) {
  return (int)syscall(SYS_inotify_add_watch, descriptor, path, mask);
}
static inline int swirl_inotify_remove(int descriptor, int watch) {
  return (int)syscall(SYS_inotify_rm_watch, descriptor, watch);
}
#endif

#endif
