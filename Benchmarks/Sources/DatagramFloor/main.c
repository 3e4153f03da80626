// A UDP echo server in C that prints its free port of 127.0.0.1: the floor for one that waits by epoll and takes and sends datagrams in
// batches. It does nothing else.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BATCH = 32, ROOM = 65535 };

static char content[BATCH][ROOM];
static struct sockaddr_in addresses[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static int fail(const char *what) {
  perror(what);
  return 1;
}

int main(void) {
  int server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (server < 0 || bind(server, (struct sockaddr *)&address, length) || getsockname(server, (struct sockaddr *)&address, &length))
    return fail("bind");
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, server, &event)) return fail("epoll_ctl");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    if (epoll_wait(poll, &event, 1, -1) < 0) continue;
    for (int i = 0; i < BATCH; i++) {
      vectors[i] = (struct iovec){content[i], ROOM};
      messages[i].msg_hdr = (struct msghdr){
          .msg_name = &addresses[i], .msg_namelen = sizeof addresses[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(server, messages, BATCH, 0, NULL);
    for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
    for (int sent = 0; sent < count;) {
      int taken = sendmmsg(server, messages + sent, count - sent, 0);
      sent += taken > 0 ? taken : 1;
    }
  }
}
