// A name server in C for the row of lookups, which prints its free port of 127.0.0.1. Each name has an A record, whose address is the number in
// its first label: `n70000.names.test` is 10.1.17.112. It answers in batches, and whatever it was asked, so that it takes less than a client.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 512, HEADER = 12 };

static unsigned char content[BATCH][ROOM];
static struct sockaddr_in addresses[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static int fail(const char *what) {
  perror(what);
  return 1;
}

// Makes the answer of a question in place. Returns its length; 0 for what is no question.
static int answer(unsigned char *message, int length) {
  int end = HEADER;
  while (end < length && message[end]) end += message[end] + 1;
  end += 5;
  if (end > length || end + 16 > ROOM) return 0;
  unsigned number = 0;
  for (int i = HEADER + 2; i <= HEADER + message[HEADER] && i < end; i++) number = number * 10 + (message[i] - '0');
  static const unsigned char record[] = {0xC0, HEADER, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 10};
  memcpy(message + 2, (unsigned char[]){0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, 10);
  memcpy(message + end, record, sizeof record);
  memcpy(message + end + sizeof record, (unsigned char[]){number >> 16, number >> 8, number}, 3);
  return end + sizeof record + 3;
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
    for (int i = 0; i < count; i++) vectors[i].iov_len = answer(content[i], messages[i].msg_len);
    for (int sent = 0; sent < count;) {
      int taken = sendmmsg(server, messages + sent, count - sent, 0);
      sent += taken > 0 ? taken : 1;
    }
  }
}
