// A client of HTTP/2 in C: the floor for one on libnghttp2 whose loop waits by epoll, reads 64 KiB at once and sends all that there is at
// once. It keeps of an answer its status and how much of it came; it knows no limits but the windows, no deadlines and no errors.
// `HTTP2Floor http://127.0.0.1:PORT/PATH --in-flight N --length BYTES --seconds S`, on one connection, without TLS.
#define _GNU_SOURCE
#include <LoadLoop.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

// The windows are Swirl's.
enum { READ = 64 * 1024, ROOM = 256 * 1024, STREAM_WINDOW = 1 << 20, CONNECTION_WINDOW = 16 << 20 };

struct answer {
  int is_right;
  long count;
};

static nghttp2_session *session;
static nghttp2_nv fields[4];
static long length, completed;
static unsigned char input[READ], output[ROOM];
static size_t waiting;

static void check_http2(long result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", what, nghttp2_strerror(result));
  exit(1);
}

static nghttp2_nv field(char *name, char *value) {
  unsigned char flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  return (nghttp2_nv){(unsigned char *)name, (unsigned char *)value, strlen(name), strlen(value), flags};
}

static void ask(struct answer *it) {
  *it = (struct answer){0};
  check_http2(nghttp2_submit_request(session, NULL, fields, 4, NULL, it), "nghttp2_submit_request");
}

static int take_field(
  nghttp2_session *of, const nghttp2_frame *frame, const uint8_t *name, size_t name_count, const uint8_t *value, size_t count,
  uint8_t flags, void *unused) {
  struct answer *it = nghttp2_session_get_stream_user_data(of, frame->hd.stream_id);
  if (name_count == 7 && memcmp(name, ":status", 7) == 0) it->is_right = count == 3 && memcmp(value, "200", 3) == 0;
  return 0;
}

static int take_content(nghttp2_session *of, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t count, void *unused) {
  struct answer *it = nghttp2_session_get_stream_user_data(of, stream);
  it->count += count;
  return 0;
}

static int complete(nghttp2_session *of, int32_t stream, uint32_t error, void *unused) {
  struct answer *it = nghttp2_session_get_stream_user_data(of, stream);
  if (error != NGHTTP2_NO_ERROR || !it->is_right || it->count != length) {
    fprintf(stderr, "another answer than was expected: error %u, %ld bytes\n", error, it->count);
    exit(1);
  }
  completed++;
  ask(it);
  return 0;
}

static void start_session(void) {
  nghttp2_session_callbacks *callbacks;
  check_http2(nghttp2_session_callbacks_new(&callbacks), "nghttp2_session_callbacks_new");
  nghttp2_session_callbacks_set_on_header_callback(callbacks, take_field);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, take_content);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, complete);
  check_http2(nghttp2_session_client_new(&session, callbacks, NULL), "nghttp2_session_client_new");
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW}};
  check_http2(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2), "nghttp2_submit_settings");
  check_http2(
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW), "nghttp2_session_set_local_window_size");
}

// Sends what the session has. Returns whether the kernel did not take all.
static int flush(int descriptor) {
  for (;;) {
    const uint8_t *bytes;
    ssize_t count = 0;
    // A frame is shorter than the room that is left.
    while (waiting < ROOM - READ && (count = nghttp2_session_mem_send(session, &bytes)) > 0) {
      memcpy(output + waiting, bytes, count);
      waiting += count;
    }
    check_http2(count, "nghttp2_session_mem_send");
    if (waiting == 0) return 0;
    ssize_t sent = send(descriptor, output, waiting, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) return 1;
    check(sent, "send");
    waiting -= sent;
    memmove(output, output + sent, waiting);
    if (waiting > 0) return 1;
    if (count == 0) return 0;
  }
}

// Reads as much as Swirl does in a turn: four times, while there is more.
static void receive(int descriptor) {
  for (int reads = 0; reads < 4; reads++) {
    ssize_t count = recv(descriptor, input, READ, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    check(count > 0 ? count : -1, "recv");
    check_http2(nghttp2_session_mem_recv(session, input, count), "nghttp2_session_mem_recv");
    if (count < READ) return;
  }
}

int main(int count, char **words) {
  char path[256] = "/", authority[32];
  int port;
  if (count < 2 || sscanf(words[1], "http://127.0.0.1:%d%255s", &port, path) < 1) {
    fprintf(stderr, "usage: HTTP2Floor http://127.0.0.1:PORT/PATH --in-flight N --length BYTES --seconds S\n");
    return 1;
  }
  snprintf(authority, sizeof authority, "127.0.0.1:%d", port);
  fields[0] = field(":method", "GET");
  fields[1] = field(":scheme", "http");
  fields[2] = field(":authority", authority);
  fields[3] = field(":path", path);
  long in_flight = load_option(count, words, "--in-flight", 100);
  length = load_option(count, words, "--length", 0);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), poller = epoll_create1(EPOLL_CLOEXEC), on = 1;
  check(descriptor, "socket");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  check(connect(descriptor, (struct sockaddr *)&address, sizeof address), "connect");
  struct epoll_event event = {.events = EPOLLIN};
  check(epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");

  struct answer *answers = calloc(in_flight, sizeof *answers);
  load_start(in_flight, load_option(count, words, "--seconds", 2));
  start_session();
  for (long index = 0; index < in_flight; index++) ask(&answers[index]);
  int is_writing = 0;
  do {
    int wants_to_write = flush(descriptor);
    if (wants_to_write != is_writing) {
      event.events = wants_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
      check(epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event), "epoll_ctl");
      is_writing = wants_to_write;
    }
    struct epoll_event ready;
    int ready_count = epoll_wait(poller, &ready, 1, 10000);
    if (ready_count < 0 && errno == EINTR) continue;
    check(ready_count > 0 ? ready_count : -1, "epoll_wait");
    if (ready.events & ~EPOLLOUT) receive(descriptor);
  } while (!load_is_over(completed));
  return 0;
}
