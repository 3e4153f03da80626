// A name server in C for the row of lookups, which prints its free port of 127.0.0.1. Each name has an A record, whose address is the number in
// its first label: `n70000.names.test` is 10.1.17.112. It answers in batches, and whatever it was asked, so that it takes less than a client.
#include <DatagramLoop.h>
#include <string.h>

enum { BATCH = 64, ROOM = 512, HEADER = 12 };

// Makes the answer of a question in place. Returns its length; 0 for what is no question.
static int answer(unsigned char *message, int length) {
  int end = HEADER;
  while (end < length && message[end]) end += message[end] + 1;
  end += 5;
  if (end > length || end + 16 > ROOM) return 0;
  unsigned number = 0;
  for (int i = HEADER + 2; i <= HEADER + message[HEADER] && i < end; i++) number = number * 10 + (message[i] - '0');
  static const unsigned char record[] = {0xC0, HEADER, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 10};
  memcpy(message + 2, (unsigned char[]){0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, 10);
  memcpy(message + end, record, sizeof record);
  memcpy(message + end + sizeof record, (unsigned char[]){number >> 16, number >> 8, number}, 3);
  return end + sizeof record + 3;
}

int main(void) { return serve_datagrams(BATCH, ROOM, answer); }
