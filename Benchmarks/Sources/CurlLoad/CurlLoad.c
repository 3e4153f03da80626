// libcurl's fastest ordinary way: the multi interface driven by the sockets it names (curl_multi_socket_action), on epoll.
#include "CurlLoad.h"

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

int curl_load_run(const char *url, int in_flight, int closes, int http2, long buffer, const char *roots, curl_load_completed completed, void *context) {
  loop_t loop = {.multi = curl_multi_init(), .epoll = epoll_create1(EPOLL_CLOEXEC), .timeout = -1};
  body_t *bodies = calloc(in_flight, sizeof(body_t));
  struct epoll_event *events = calloc(1024, sizeof(struct epoll_event));
  if (!loop.multi || loop.epoll < 0 || !bodies || !events) return -1;
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, timer_changed);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
  // As many idle connections as there are requests, or they would be closed and made anew.
  curl_multi_setopt(loop.multi, CURLMOPT_MAXCONNECTS, (long)in_flight);

  for (int i = 0; i < in_flight; i++) {
    // An easy handle is used again for each request of its place, as libcurl's manual advises.
    CURL *easy = curl_easy_init();
    if (!easy) return -1;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &bodies[i]);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &bodies[i]);
    if (buffer) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer);
    if (roots) curl_easy_setopt(easy, CURLOPT_CAINFO, roots);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (http2) {
      int secure = strncmp(url, "https:", 6) == 0;
      curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
      curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    }
    if (closes) {
      static struct curl_slist close_field = {"Connection: close", NULL};
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, &close_field);
    }
    curl_multi_add_handle(loop.multi, easy);
  }

  int under_way = in_flight, running;
  while (under_way > 0) {
    long long wait = loop.timeout < 0 ? -1 : loop.timeout - now_ms();
    int count = epoll_wait(loop.epoll, events, 1024, loop.timeout >= 0 && wait < 0 ? 0 : (int)wait);
    for (int i = 0; i < count; i++) {
      int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
      curl_multi_socket_action(loop.multi, events[i].data.fd, what, &running);
    }
    if (loop.timeout >= 0 && loop.timeout <= now_ms()) {
      loop.timeout = -1;
      curl_multi_socket_action(loop.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(loop.multi, &left))) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL *easy = message->easy_handle;
      body_t *body;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&body);
      if (message->data.result == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_multi_remove_handle(loop.multi, easy);
      int again = completed(context, status, (long)body->length);
      body->length = 0;
      if (again) {
        curl_multi_add_handle(loop.multi, easy);
      } else {
        curl_easy_cleanup(easy);
        under_way--;
      }
    }
  }
  curl_multi_cleanup(loop.multi);
  close(loop.epoll);
  for (int i = 0; i < in_flight; i++) free(bodies[i].bytes);
  free(bodies);
  free(events);
  return 0;
}
