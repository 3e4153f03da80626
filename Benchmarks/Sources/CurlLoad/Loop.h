// What the loads of libcurl have in common: bodies in memory, and a loop on epoll that calls curl_multi_socket_action.
#pragma once

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  char *bytes;
  size_t length, capacity;
} body_t;

typedef struct {
  CURLM *multi;
  int epoll;
  long long timeout;  // when curl wants to be called, in ms on the monotonic clock; -1 for never
} loop_t;

static long long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static size_t append(char *bytes, size_t size, size_t count, void *context) {
  body_t *body = context;
  if (body->length + count > body->capacity) {
    body->capacity = 2 * (body->length + count);
    body->bytes = realloc(body->bytes, body->capacity);
    if (!body->bytes) return 0;
  }
  memcpy(body->bytes + body->length, bytes, count);
  body->length += count;
  return count;
}

static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *context, void *known) {
  loop_t *loop = context;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, socket, NULL);
    curl_multi_assign(loop->multi, socket, NULL);
    return 0;
  }
  struct epoll_event event = {.data.fd = socket};
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  if (!known) curl_multi_assign(loop->multi, socket, loop);
  return 0;
}

static int timer_changed(CURLM *multi, long timeout, void *context) {
  ((loop_t *)context)->timeout = timeout < 0 ? -1 : now_ms() + timeout;
  return 0;
}

static inline void loop_init(loop_t *loop, long connections) {
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
  // As many idle connections as there are requests, or they would be closed and made anew.
  curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, connections);
}

// Waits for events until a time in ms, -1 for none, and hands them to curl with what its timer asks for.
static inline void loop_turn(loop_t *loop, struct epoll_event *events, int room, int wait) {
  int running;
  int count = epoll_wait(loop->epoll, events, room, wait);
  for (int i = 0; i < count; i++) {
    int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(loop->multi, events[i].data.fd, what, &running);
  }
  if (loop->timeout >= 0 && loop->timeout <= now_ms()) {
    loop->timeout = -1;
    curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}
