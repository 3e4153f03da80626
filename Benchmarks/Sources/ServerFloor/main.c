// An HTTP server in C that prints its free port of 127.0.0.1: the floor for one that waits by epoll, reads once and writes once for an
// answer. It looks for the end of a head, and whether /1m is asked for; it knows no fields, no limits, no deadlines and no errors.
// With `hop` each request goes to another thread and back before its answer: the floor of a handler that awaits an actor on other threads.
#define _GNU_SOURCE
#include "HopLoop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 1 << 20, SHARE = 256 * 1024, READ = 16 * 1024 };

struct connection {
  int descriptor, is_watched;
  // What is not sent yet of a large answer.
  size_t left;
  // What came of a head that is not complete.
  size_t held;
  char head[READ];
};

static const char hello[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello";
static char large[LARGE + 256];
static size_t large_count;
static int poller;
static int hops;

static void check(int result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static void watch(struct connection *it, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = it};
  check(epoll_ctl(poller, operation, it->descriptor, &event), "epoll_ctl");
}

// Sends what the kernel takes of a large answer; false if the connection is over.
static int send_large(struct connection *it) {
  while (it->left > 0) {
    size_t share = it->left < SHARE ? it->left : SHARE;
    ssize_t sent = send(it->descriptor, large + large_count - it->left, share, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return 0;
    if (sent > 0) it->left -= sent;
    if (sent < (ssize_t)share) break;
  }
  int waits = it->left > 0;
  if (waits != it->is_watched) watch(it, EPOLL_CTL_MOD, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
  it->is_watched = waits;
  return 1;
}

static int answer(struct connection *it) {
  if (memcmp(it->head, "GET /1m ", 8) != 0) return send(it->descriptor, hello, sizeof hello - 1, MSG_NOSIGNAL) > 0;
  it->left = large_count;
  return send_large(it);
}

static void answer_after_hop(void *it) { answer(it); }

// Reads once; false if the connection is over.
static int serve(struct connection *it) {
  ssize_t count = recv(it->descriptor, it->head + it->held, READ - it->held, 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  it->held += count;
  for (;;) {
    char *end = memmem(it->head, it->held, "\r\n\r\n", 4);
    if (end == NULL) return it->held < READ;
    size_t used = end + 4 - it->head;
    if (hops) {
      hop_there(it);
    } else if (!answer(it)) {
      return 0;
    }
    it->held -= used;
    memmove(it->head, it->head + used, it->held);
  }
}

int main(int words, char **word) {
  memset(large, 'x', sizeof large);
  int head = sprintf(large, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", LARGE);
  large[head] = 'x';
  large_count = head + LARGE;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  check(bind(listener, (struct sockaddr *)&address, size), "bind");
  check(listen(listener, 4096), "listen");
  check(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
  check(poller = epoll_create1(0), "epoll_create1");
  struct connection accepting = {.descriptor = listener};
  watch(&accepting, EPOLL_CTL_ADD, EPOLLIN);
  struct connection hopping = {0};
  if ((hops = words > 1 && strcmp(word[1], "hop") == 0)) {
    hopping.descriptor = hop_start();
    watch(&hopping, EPOLL_CTL_ADD, EPOLLIN);
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    struct epoll_event events[64];
    int count = epoll_wait(poller, events, 64, -1);
    for (int index = 0; index < count; index++) {
      struct connection *it = events[index].data.ptr;
      if (it == &accepting) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (descriptor < 0) continue;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *made = calloc(1, sizeof *made);
        made->descriptor = descriptor;
        watch(made, EPOLL_CTL_ADD, EPOLLIN);
        continue;
      }
      if (it == &hopping) {
        hop_back(answer_after_hop);
        continue;
      }
      int goes_on = events[index].events & EPOLLOUT ? send_large(it) : 1;
      if (goes_on && events[index].events & ~EPOLLOUT) goes_on = serve(it);
      if (goes_on) continue;
      close(it->descriptor);
      // The thread may have it still.
      if (!hops) free(it);
    }
  }
}
