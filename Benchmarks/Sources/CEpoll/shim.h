// Glibc leaves it out.
#include <sys/epoll.h>
