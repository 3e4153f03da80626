#ifndef SWIRL_SYSTEM_FILE_SHIM_H
#define SWIRL_SYSTEM_FILE_SHIM_H

// Files as a server opens and sends them: calls of Linux that the C library's module leaves out. Elsewhere they fail with ENOSYS, and
// the caller takes the portable way.

// With no header but those of the shims before it: see `swirl_accept`.

#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#else
#include <errno.h>
#endif

// openat2(2) where the path and the file are in memory: EAGAIN where the disk would have to be read. Opens the path as open(2) does.
static inline int swirl_open_cached(const char *_Nonnull path, int flags) {
#if defined(__linux__)
  struct {
    unsigned long long flags, mode, resolve;
  } how = {(unsigned)flags, 0, 0x20};
  return (int)syscall(437, -100 /* AT_FDCWD */, path, &how, sizeof how);
#else
  (void)path, (void)flags;
  errno = EAGAIN;
  return -1;
#endif
}

// openat2(2): opens `path`, which never leads out of `directory`. Without `follows_links` a symbolic link is ELOOP. With `only_cached` it
// is EAGAIN where the disk would have to be read.
static inline int swirl_open_beneath(
    int directory, const char *_Nonnull path, int flags, int follows_links, int only_cached) {
#if defined(__linux__)
  // struct open_how, and the RESOLVE_ constants of <linux/openat2.h>.
  struct {
    unsigned long long flags, mode, resolve;
  } how = {(unsigned)flags, 0, 0x08 | 0x02 | (follows_links ? 0 : 0x04) | (only_cached ? 0x20 : 0)};
  return (int)syscall(437, directory, path, &how, sizeof how);
#else
  (void)directory, (void)path, (void)flags, (void)follows_links, (void)only_cached;
  errno = ENOSYS;
  return -1;
#endif
}

// pread(2) of what is in memory: EAGAIN where the disk would have to be read, EOPNOTSUPP if the file system does not tell.
static inline ssize_t swirl_read_cached(int descriptor, void *_Nonnull buffer, size_t count, off_t offset) {
#if defined(__linux__)
  // struct iovec.
  struct {
    void *base;
    size_t length;
  } vector = {buffer, count};
  return syscall(SYS_preadv2, descriptor, &vector, 1, offset, 0, 8 /* RWF_NOWAIT */);
#else
  (void)descriptor, (void)buffer, (void)count, (void)offset;
  errno = EOPNOTSUPP;
  return -1;
#endif
}

// sendfile(2).
static inline ssize_t swirl_send_file(int socket, int file, off_t offset, size_t count) {
#if defined(__linux__)
  return syscall(SYS_sendfile, socket, file, &offset, count);
#else
  (void)socket, (void)file, (void)offset, (void)count;
  errno = ENOSYS;
  return -1;
#endif
}

#endif
