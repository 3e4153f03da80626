#include "CurlLoad.h"

#include "Loop.h"

typedef struct {
  body_t body;
  CURL *easy;
  uint64_t due;
} request_t;

int curl_open_run(const char *url, int connections, curl_open_source source) {
  loop_t loop = {.multi = curl_multi_init(), .epoll = epoll_create1(EPOLL_CLOEXEC), .timeout = -1};
  // More than connections: curl has a queue of its own.
  int handles = 10 * connections;
  request_t *requests = calloc(handles, sizeof(request_t));
  request_t **idle = calloc(handles, sizeof(request_t *));
  struct epoll_event *events = calloc(1024, sizeof(struct epoll_event));
  if (!loop.multi || loop.epoll < 0 || !requests || !idle || !events) return -1;
  loop_init(&loop, connections);
  curl_multi_setopt(loop.multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);

  int idle_count = handles, is_over = 0;
  for (int i = 0; i < handles; i++) {
    CURL *easy = curl_easy_init();
    if (!easy) return -1;
    requests[i].easy = easy;
    idle[i] = &requests[i];
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &requests[i].body);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &requests[i]);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  }

  while (!is_over) {
    uint64_t due;
    while (idle_count > 0 && (due = source.next(source.context))) {
      request_t *request = idle[--idle_count];
      request->due = due;
      curl_multi_add_handle(loop.multi, request->easy);
    }
    loop_turn(&loop, events, 1024, 0);
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(loop.multi, &left))) {
      if (message->msg != CURLMSG_DONE) continue;
      request_t *request;
      long status = 0;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request);
      if (message->data.result == CURLE_OK) curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
      curl_multi_remove_handle(loop.multi, request->easy);
      idle[idle_count++] = request;
      is_over = source.completed(source.context, request->due, status, (long)request->body.length);
      request->body.length = 0;
    }
  }
  for (int i = 0; i < handles; i++) {
    curl_easy_cleanup(requests[i].easy);
    free(requests[i].body.bytes);
  }
  curl_multi_cleanup(loop.multi);
  close(loop.epoll);
  free(requests);
  free(idle);
  free(events);
  return 0;
}
