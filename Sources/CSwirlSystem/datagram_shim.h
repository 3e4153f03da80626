#ifndef SWIRL_SYSTEM_DATAGRAM_SHIM_H
#define SWIRL_SYSTEM_DATAGRAM_SHIM_H

// Datagrams in batches: recvmmsg(2) and sendmmsg(2), which the headers show to _GNU_SOURCE only, and their structures with names of our
// own, because those of the headers would belong to this module or to Glibc by chance: see `swirl_accept`. The layouts are the kernel's
// (struct user_msghdr, struct mmsghdr, struct iovec), the same on all its processors of 64 bits.

#include <stddef.h>
#include <sys/types.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

struct swirl_vector {
  void *_Nullable base;
  size_t length;
};

struct swirl_message {
  void *_Nullable name;
  unsigned name_length;
  struct swirl_vector *_Nullable vectors;
  size_t vector_count;
  void *_Nullable control;
  size_t control_length;
  unsigned flags;
};

struct swirl_batched_message {
  struct swirl_message message;
  // How many bytes came or went.
  unsigned length;
};

static inline int swirl_receive_messages(
    int descriptor, struct swirl_batched_message *_Nonnull messages, unsigned count, int flags) {
  return (int)syscall(SYS_recvmmsg, descriptor, messages, count, flags, (void *)0);
}

static inline int swirl_send_messages(
    int descriptor, struct swirl_batched_message *_Nonnull messages, unsigned count, int flags) {
  return (int)syscall(SYS_sendmmsg, descriptor, messages, count, flags);
}
#endif

#endif
