// A UDP echo server in C that prints its free port of 127.0.0.1: the floor for one that waits by epoll and takes and sends datagrams in
// batches. It does nothing else.
#include <DatagramLoop.h>

static int echo(unsigned char *message, int length) { return length; }

int main(void) { return serve_datagrams(32, 65535, echo); }
