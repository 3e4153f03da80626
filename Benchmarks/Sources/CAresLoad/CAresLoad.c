// c-ares' fastest ordinary way: its sockets on epoll, where it says by a callback which they are, and one socket for as long as queries are
// under way. It keeps no answers (1.18), and verifies what Swirl does but for the random port: it changes that for no number of queries.
#include "CAresLoad.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

typedef struct {
  ares_channel channel;
  int epoll;
  const char *const *names;
  int count, started, completed, failed;
  cares_load_answered answered;
  void *context;
} load_t;

typedef struct {
  load_t *load;
  int index;
} query_t;

static void socket_changed(void *context, ares_socket_t socket, int readable, int writable) {
  load_t *load = context;
  struct epoll_event event = {.data.fd = socket, .events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0)};
  if (!event.events) {
    epoll_ctl(load->epoll, EPOLL_CTL_DEL, socket, NULL);
  } else if (epoll_ctl(load->epoll, EPOLL_CTL_MOD, socket, &event)) {
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, socket, &event);
  }
}

static void start_next(load_t *load, query_t *query);

static void answered(void *context, int status, int timeouts, unsigned char *answer, int length) {
  query_t *query = context;
  load_t *load = query->load;
  struct ares_addrttl addresses[4];
  int count = 4;
  if (load->failed) return;
  load->completed++;
  if (status != ARES_SUCCESS || ares_parse_a_reply(answer, length, NULL, addresses, &count) != ARES_SUCCESS || count != 1 ||
      !load->answered(load->context, query->index, ntohl(addresses[0].ipaddr.s_addr))) {
    load->failed = 1;
  } else if (load->started < load->count) {
    start_next(load, query);
  }
}

// The place of an ended query is used again.
static void start_next(load_t *load, query_t *query) {
  query->load = load;
  query->index = load->started++;
  ares_query(load->channel, load->names[query->index], ns_c_in, ns_t_a, answered, query);
}

int cares_load_run(const char *const *names, int count, int in_flight, int port, cares_load_answered check, void *context) {
  load_t load = {.epoll = epoll_create1(EPOLL_CLOEXEC), .names = names, .count = count, .answered = check, .context = context};
  struct in_addr server = {htonl(INADDR_LOOPBACK)};
  struct ares_options options = {
      .flags = ARES_FLAG_STAYOPEN | ARES_FLAG_EDNS,
      .ednspsz = 1232,
      .timeout = 5000,
      .tries = 2,
      .udp_port = port,
      .servers = &server,
      .nservers = 1,
      .lookups = "b",
      .sock_state_cb = socket_changed,
      .sock_state_cb_data = &load,
  };
  int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT | ARES_OPT_SERVERS |
             ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  query_t *queries = calloc(in_flight, sizeof(query_t));
  if (load.epoll < 0 || !queries || ares_library_init(ARES_LIB_INIT_ALL) || ares_init_options(&load.channel, &options, mask))
    return -1;
  for (int i = 0; i < in_flight && i < count; i++) start_next(&load, &queries[i]);
  struct epoll_event events[16];
  while (load.completed < count && !load.failed) {
    struct timeval time, *next = ares_timeout(load.channel, NULL, &time);
    int ready = epoll_wait(load.epoll, events, 16, next ? next->tv_sec * 1000 + next->tv_usec / 1000 + 1 : -1);
    if (ready <= 0) ares_process_fd(load.channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (int i = 0; i < ready; i++) {
      int writable = events[i].events & EPOLLOUT ? events[i].data.fd : ARES_SOCKET_BAD;
      ares_process_fd(load.channel, events[i].events & ~EPOLLOUT ? events[i].data.fd : ARES_SOCKET_BAD, writable);
    }
  }
  int result = load.failed ? -1 : 0;
  load.failed = 1;
  ares_destroy(load.channel);
  ares_library_cleanup();
  close(load.epoll);
  free(queries);
  return result;
}
