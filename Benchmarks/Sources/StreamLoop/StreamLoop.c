#define _GNU_SOURCE
#include "StreamLoop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int poller;

static int fail(const char *what) {
  perror(what);
  return 1;
}

static int watch(struct stream *it, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = it};
  return epoll_ctl(poller, operation, it->descriptor, &event) == 0;
}

int stream_send(struct stream *it, const char *bytes, size_t count) {
  ssize_t sent = send(it->descriptor, bytes, count, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return 0;
  if (sent < 0) sent = 0;
  if (sent == (ssize_t)count) return 1;
  it->rest_count = count - sent;
  it->rest_sent = 0;
  if (!(it->rest = malloc(it->rest_count))) return 0;
  memcpy(it->rest, bytes + sent, it->rest_count);
  return watch(it, EPOLL_CTL_MOD, EPOLLOUT);
}

static int send_rest(struct stream *it) {
  ssize_t sent = send(it->descriptor, it->rest + it->rest_sent, it->rest_count - it->rest_sent, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  it->rest_sent += sent;
  if (it->rest_sent < it->rest_count) return 1;
  free(it->rest);
  it->rest = NULL;
  return watch(it, EPOLL_CTL_MOD, EPOLLIN);
}

static void end(struct stream *it) {
  close(it->descriptor);
  free(it->rest);
  free(it);
}

static void accept_one(int listener, size_t own) {
  int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
  if (descriptor < 0) return;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct stream *made = calloc(1, sizeof *made + own);
  if (!made) {
    close(descriptor);
    return;
  }
  made->descriptor = descriptor;
  if (!watch(made, EPOLL_CTL_ADD, EPOLLIN)) end(made);
}

int serve_streams(size_t own, int (*ready)(struct stream *it)) {
  struct stream listener = {.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (listener.descriptor < 0 || bind(listener.descriptor, (struct sockaddr *)&address, length)) return fail("bind");
  if (listen(listener.descriptor, 4096)) return fail("listen");
  if (getsockname(listener.descriptor, (struct sockaddr *)&address, &length)) return fail("getsockname");
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (!watch(&listener, EPOLL_CTL_ADD, EPOLLIN)) return fail("epoll_ctl");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    struct epoll_event events[64];
    int count = epoll_wait(poller, events, 64, -1);
    for (int index = 0; index < count; index++) {
      struct stream *it = events[index].data.ptr;
      if (it == &listener) {
        accept_one(it->descriptor, own);
      } else if (!(it->rest ? send_rest(it) : ready(it))) {
        end(it);
      }
    }
  }
}
