// An echo server of WebSocket in C that prints its free port of 127.0.0.1: the floor for one that waits by epoll, reads 64 KiB at once and
// sends all answers to a read at once. It looks for the key in a request, unmasks the frames, and answers each where it was read; it knows no
// fragments, no control frames, no compression and no UTF-8. A connection ends at what it does not know.
#define _GNU_SOURCE
#include <StreamLoop.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { READ = 64 * 1024, ROOM = 4 * READ, HEADER = 14 };

struct web_socket {
  int is_open;
  // What came of a request or frame that is not complete.
  size_t held;
  unsigned char bytes[ROOM];
};

// Answers a request that is complete.
static int open_web_socket(struct stream *stream, struct web_socket *it) {
  static const char name[] = "Sec-WebSocket-Key: ", guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  enum { KEY = 24 };
  if (!memmem(it->bytes, it->held, "\r\n\r\n", 4)) return it->held < READ;
  char *key = memmem(it->bytes, it->held, name, sizeof name - 1), text[KEY + sizeof guid], accept[32], answer[256];
  if (!key) return 0;
  memcpy(text, key + sizeof name - 1, KEY);
  memcpy(text + KEY, guid, sizeof guid);
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1((unsigned char *)text, KEY + sizeof guid - 1, digest);
  EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
  int count = snprintf(
    answer, sizeof answer,
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
  it->is_open = 1;
  it->held = 0;
  return stream_send(stream, answer, count);
}

static void unmask(unsigned char *content, size_t count, const unsigned char *key) {
  uint64_t keys, word;
  memcpy(&keys, key, 4);
  memcpy((unsigned char *)&keys + 4, key, 4);
  size_t index = 0;
  for (; index + 8 <= count; index += 8) {
    memcpy(&word, content + index, 8);
    word ^= keys;
    memcpy(content + index, &word, 8);
  }
  for (unsigned char *rest = (unsigned char *)&keys; index < count; index++) content[index] ^= *rest++;
}

// Writes the header of an answer before `content`, and returns where it begins.
static unsigned char *put_header(unsigned char *content, uint64_t count) {
  int size = count < 126 ? 0 : count <= 0xffff ? 2 : 8;
  unsigned char *header = content - size - 2;
  header[0] = 0x82;
  header[1] = size == 0 ? count : size == 2 ? 126 : 127;
  for (int index = size; index > 0; index--, count >>= 8) header[1 + index] = size ? count & 0xff : 0;
  return header;
}

// Answers all frames that are complete. An answer is four bytes shorter than its frame, so it never overwrites what follows.
static int echo_frames(struct stream *stream, struct web_socket *it) {
  unsigned char *first = NULL, *end = NULL, *at = it->bytes, *last = it->bytes + it->held;
  while (last - at >= 6) {
    int size = (at[1] & 0x7f) < 126 ? 0 : (at[1] & 0x7f) == 126 ? 2 : 8;
    if (at[0] != 0x82 || !(at[1] & 0x80)) return 0;
    uint64_t count = size ? 0 : at[1] & 0x7f;
    if (last - at < size + 6) break;
    for (int index = 0; index < size; index++) count = count << 8 | at[2 + index];
    if (count > ROOM - READ - HEADER) return 0;
    unsigned char *content = at + size + 6;
    if ((size_t)(last - content) < count) break;
    unmask(content, count, content - 4);
    at = content + count;
    unsigned char *answer = put_header(content, count);
    if (!first) {
      first = answer;
      end = at;
    } else {
      memmove(end, answer, at - answer);
      end += at - answer;
    }
  }
  it->held = last - at;
  if (first && !stream_send(stream, (char *)first, end - first)) return 0;
  memmove(it->bytes, at, it->held);
  return 1;
}

static int ready(struct stream *stream) {
  struct web_socket *it = (struct web_socket *)stream->own;
  for (;;) {
    ssize_t count = recv(stream->descriptor, it->bytes + it->held, READ, 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    it->held += count;
    if (!(it->is_open ? echo_frames : open_web_socket)(stream, it)) return 0;
    if (stream->rest || count < READ) return 1;
  }
}

int main(void) { return serve_streams(sizeof(struct web_socket), ready); }
