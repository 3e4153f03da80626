/// Gets the IPv4 address of a name, in host order. Returns whether that is the right one.
typedef int (*cares_load_answered)(void *context, int index, unsigned address);

/// Looks up the A records of all `names` at a server of 127.0.0.1, `inFlight` at a time. Names are asked for in their order.
/// Returns 0, or -1 when c-ares or epoll could not be set up, a lookup failed, or an answer was not right.
int cares_load_run(const char *const *names, int count, int inFlight, int port, cares_load_answered answered, void *context);
