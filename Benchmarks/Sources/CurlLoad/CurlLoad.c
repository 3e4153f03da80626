// libcurl's fastest ordinary way: the multi interface driven by the sockets it names (curl_multi_socket_action), on epoll.
#include "CurlLoad.h"

#include "Loop.h"

int curl_load_run(const char *url, int in_flight, int closes, int http2, long buffer, const char *roots, curl_load_completed completed, void *context) {
  loop_t loop = {.multi = curl_multi_init(), .epoll = epoll_create1(EPOLL_CLOEXEC), .timeout = -1};
  body_t *bodies = calloc(in_flight, sizeof(body_t));
  struct epoll_event *events = calloc(1024, sizeof(struct epoll_event));
  if (!loop.multi || loop.epoll < 0 || !bodies || !events) return -1;
  loop_init(&loop, in_flight);

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

  int under_way = in_flight;
  while (under_way > 0) {
    long long wait = loop.timeout < 0 ? -1 : loop.timeout - now_ms();
    loop_turn(&loop, events, 1024, loop.timeout >= 0 && wait < 0 ? 0 : (int)wait);
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
