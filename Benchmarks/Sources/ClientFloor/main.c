// An HTTP client in C: the floor for one that waits by epoll, sends once and reads once for an answer. It looks for the end of a head and its
// Content-Length, and keeps nothing; it knows no limits, no deadlines, no cookies, no redirects and no errors.
// `ClientFloor [hop] URL --in-flight N --length BYTES --seconds S [--close]` prints what its requests took, as Measure/Report.swift does.
//
// With `https` and `--roots FILE` OpenSSL sends and reads, on the socket itself, with Swirl's modes and read-ahead. A handshake blocks.
//
// With `hop` each answer goes to another thread and back before the next request: the floor of awaiting from a pool of threads.
#define _GNU_SOURCE
#include "HopLoop.h"
#include "LoadLoop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 256 * 1024 };

struct connection {
  int descriptor;
  // NULL without TLS.
  SSL *ssl;
  // What is missing of the content; -1 while the head has not come.
  long missing;
};

static SSL_CTX *tls;
static struct sockaddr_in address = {.sin_family = AF_INET};
static char request[512], buffer[READ];
static size_t request_count;
static int poller, closes, hops;
static long length, completed;

static void check_tls(int is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "%s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static void ask(struct connection *it) {
  it->missing = -1;
  if (it->ssl) {
    check_tls(SSL_write(it->ssl, request, request_count) == (int)request_count, "SSL_write");
  } else {
    check(send(it->descriptor, request, request_count, MSG_NOSIGNAL), "send");
  }
}

static void start_tls(const char *roots) {
  check_tls((tls = SSL_CTX_new(TLS_client_method())) != NULL, "SSL_CTX_new");
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(tls, 1);
  SSL_CTX_set_default_read_buffer_len(tls, 64 * 1024);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
  check_tls(SSL_CTX_load_verify_locations(tls, roots, NULL), "--roots");
}

static void shake_hands(struct connection *it) {
  check_tls((it->ssl = SSL_new(tls)) != NULL, "SSL_new");
  SSL_set_fd(it->ssl, it->descriptor);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(it->ssl), "127.0.0.1");
  check_tls(SSL_connect(it->ssl) == 1, "SSL_connect");
  // Session tickets come next, and reading them is not to wait for an answer.
  check(fcntl(it->descriptor, F_SETFL, O_NONBLOCK), "fcntl");
}

static void open_connection(struct connection *it) {
  it->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(it->descriptor, "socket");
  int on = 1;
  setsockopt(it->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // On loopback it is made at once.
  check(connect(it->descriptor, (struct sockaddr *)&address, sizeof address), "connect");
  if (tls) shake_hands(it);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = it};
  check(epoll_ctl(poller, EPOLL_CTL_ADD, it->descriptor, &event), "epoll_ctl");
  ask(it);
}

static void ask_after_hop(void *it) { ask(it); }

static void complete(struct connection *it) {
  completed++;
  if (hops) return hop_there(it);
  if (!closes) return ask(it);
  SSL_free(it->ssl);
  close(it->descriptor);
  open_connection(it);
}

// A record; otherwise like recv.
static ssize_t receive_tls(SSL *ssl) {
  int count = SSL_read(ssl, buffer, READ);
  if (count > 0) return count;
  check_tls(SSL_get_error(ssl, count) == SSL_ERROR_WANT_READ, "SSL_read");
  errno = EAGAIN;
  return -1;
}

static void receive(struct connection *it) {
  ssize_t count = it->ssl ? receive_tls(it->ssl) : recv(it->descriptor, buffer, READ, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  check(count > 0 ? count : -1, "recv");
  if (it->missing < 0) {
    char *end = memmem(buffer, count, "\r\n\r\n", 4), *field = memmem(buffer, count, "Content-Length: ", 16);
    if (!end || !field || memcmp(buffer, "HTTP/1.1 200", 12) != 0 || (it->missing = atol(field + 16)) != length) {
      fprintf(stderr, "another answer than was expected: %.200s\n", buffer);
      exit(1);
    }
    count -= end + 4 - buffer;
  }
  it->missing -= count;
  if (it->missing == 0) complete(it);
}

int main(int count, char **words) {
  char path[256] = "/";
  int port;
  hops = count > 1 && strcmp(words[1], "hop") == 0;
  words += hops;
  count -= hops;
  const char *roots = load_text(count, words, "--roots"), *form = roots ? "https://127.0.0.1:%d%255s" : "http://127.0.0.1:%d%255s";
  if (count < 2 || sscanf(words[1], form, &port, path) < 1) {
    fprintf(
      stderr, "usage: ClientFloor [hop] http[s]://127.0.0.1:PORT/PATH --in-flight N --length BYTES --seconds S [--close] [--roots FILE]\n");
    return 1;
  }
  if (roots) start_tls(roots);
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int index = 2; index < count; index++) closes |= strcmp(words[index], "--close") == 0;
  long in_flight = load_option(count, words, "--in-flight", 100);
  length = load_option(count, words, "--length", 0);
  request_count = snprintf(
    request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n", path, port, closes ? "Connection: close\r\n" : "");

  check(poller = epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  if (hops) {
    // No connection: what has come back.
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    check(epoll_ctl(poller, EPOLL_CTL_ADD, hop_start(), &event), "epoll_ctl");
  }
  struct connection *connections = calloc(in_flight, sizeof *connections);
  load_start(in_flight, load_option(count, words, "--seconds", 2));
  for (long index = 0; index < in_flight; index++) open_connection(&connections[index]);
  struct epoll_event events[512];
  do {
    int ready = epoll_wait(poller, events, 512, 10000);
    if (ready < 0 && errno == EINTR) continue;
    check(ready > 0 ? ready : -1, "epoll_wait");
    for (int index = 0; index < ready; index++) {
      struct connection *it = events[index].data.ptr;
      if (!it) {
        hop_back(ask_after_hop);
        continue;
      }
      // The kernel does not report what OpenSSL has read ahead.
      do receive(it); while (it->ssl && SSL_has_pending(it->ssl));
    }
  } while (!load_is_over(completed));
  return 0;
}
