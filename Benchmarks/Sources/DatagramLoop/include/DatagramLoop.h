// A server of datagrams in C that prints its free port of 127.0.0.1, waits by epoll, and takes and sends datagrams in batches.
#pragma once

// Answers each datagram in place: `answer` returns the length of the answer in a buffer of `room` bytes. Returns if it cannot start.
int serve_datagrams(int batch, int room, int (*answer)(unsigned char *message, int length));
