// A download in C: the floor for one whose loop waits by epoll and reads 64 KiB at once, while a second thread writes the file in batches of
// 512 KiB. There are two batches; while one is written and the other is full the loop does not read, so that a slow disk slows the server.
// `DownloadFloor -o FILE URL` prints the status as curl does. It knows no limits, no deadlines, no redirects, no ranges and no temporary name.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 64 * 1024, READS = 4, BATCH = 512 * 1024 };

// The batch that the thread has belongs to it from `full` until `written`, and to the loop otherwise.
struct batch {
  size_t count;
  char bytes[BATCH + READ];
};

static struct batch batches[2];
static sem_t full;
static int written, file;

static void check(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static void *write_batches(void *unused) {
  for (int index = 0;; index ^= 1) {
    while (sem_wait(&full) != 0) {}
    struct batch *it = &batches[index];
    for (size_t done = 0; done < it->count;) {
      ssize_t count = write(file, it->bytes + done, it->count - done);
      check(count, "write");
      done += count;
    }
    uint64_t one = 1;
    check(write(written, &one, sizeof one), "eventfd");
  }
  return unused;
}

// Removes the head of the answer from a batch that begins with it, and returns how long the content will be.
static long take_head(struct batch *it) {
  char *end = memmem(it->bytes, it->count, "\r\n\r\n", 4), *field = memmem(it->bytes, it->count, "Content-Length: ", 16);
  if (!end || !field || memcmp(it->bytes, "HTTP/1.1 200", 12) != 0) {
    fprintf(stderr, "another answer than was expected: %.200s\n", it->bytes);
    exit(1);
  }
  long length = atol(field + 16);
  it->count -= end + 4 - it->bytes;
  memmove(it->bytes, end + 4, it->count);
  return length;
}

// Reads as much as Swirl does in a turn: four times, while there is more.
static void receive(int source, struct batch *it, long *missing) {
  for (int reads = 0; reads < READS && it->count < BATCH; reads++) {
    ssize_t count = recv(source, it->bytes + it->count, READ, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    check(count > 0 ? count : -1, "recv");
    it->count += count;
    int is_short = count < READ;
    if (*missing < 0) {
      *missing = take_head(it);
      count = it->count;
    }
    *missing -= count;
    if (is_short || *missing == 0) return;
  }
}

static int connect_to(int port, const char *path) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  check(descriptor, "socket");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  check(connect(descriptor, (struct sockaddr *)&address, sizeof address), "connect");
  char request[512];
  int count = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", path, port);
  check(send(descriptor, request, count, MSG_NOSIGNAL), "send");
  return descriptor;
}

int main(int words, char **word) {
  char path[256] = "/";
  int port;
  if (words != 4 || strcmp(word[1], "-o") != 0 || sscanf(word[3], "http://127.0.0.1:%d%255s", &port, path) < 1) {
    fprintf(stderr, "usage: DownloadFloor -o FILE http://127.0.0.1:PORT/PATH\n");
    return 1;
  }
  check(file = open(word[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), word[2]);
  check(written = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  check(sem_init(&full, 0, 0), "sem_init");
  pthread_t thread;
  check(-(errno = pthread_create(&thread, NULL, write_batches, NULL)), "pthread_create");

  int source = connect_to(port, path), poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event reading = {.events = EPOLLIN, .data.fd = source}, writing = {.events = EPOLLIN, .data.fd = written};
  check(epoll_ctl(poller, EPOLL_CTL_ADD, source, &reading), "epoll_ctl");
  check(epoll_ctl(poller, EPOLL_CTL_ADD, written, &writing), "epoll_ctl");
  struct batch *it = &batches[0];
  int is_writing = 0, is_paused = 0;
  // What is missing of the content; -1 while the head has not come.
  long missing = -1;
  while (missing != 0 || is_writing) {
    struct epoll_event events[2];
    int ready = epoll_wait(poller, events, 2, 30000);
    if (ready < 0 && errno == EINTR) continue;
    check(ready > 0 ? ready : -1, "epoll_wait");
    for (int index = 0; index < ready; index++) {
      if (events[index].data.fd == written) {
        uint64_t count;
        check(read(written, &count, sizeof count), "read");
        is_writing = 0;
      } else {
        receive(source, it, &missing);
      }
    }
    int is_full = it->count >= BATCH || (missing == 0 && it->count > 0);
    if (is_full && !is_writing) {
      sem_post(&full);
      is_writing = 1;
      it = it == batches ? &batches[1] : &batches[0];
      it->count = 0;
      is_full = 0;
    }
    if (is_full != is_paused) {
      reading.events = is_full ? 0 : EPOLLIN;
      check(epoll_ctl(poller, EPOLL_CTL_MOD, source, &reading), "epoll_ctl");
      is_paused = is_full;
    }
  }
  check(close(file), "close");
  printf("200\n");
  return 0;
}
