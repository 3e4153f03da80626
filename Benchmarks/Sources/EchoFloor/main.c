// A TCP echo server in C that prints its free port of 127.0.0.1: the floor for one that waits by epoll and sends at once what
// it has read. Of a stream it reads as Swirl does: 64 KiB, and behind as many the rest of its turn, 192 KiB, in one.
#include <StreamLoop.h>
#include <errno.h>
#include <sys/socket.h>

enum { USUAL = 64 * 1024, REST = 3 * USUAL };

static char buffer[REST];

static int echo(struct stream *it) {
  for (ssize_t room = USUAL;; room = REST) {
    ssize_t count = recv(it->descriptor, buffer, room, 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    if (!stream_send(it, buffer, count)) return 0;
    if (it->rest || count < USUAL || room == REST) return 1;
  }
}

int main(void) { return serve_streams(0, echo); }
