// HelloSwirl without Swirl: it prints hello, and is linked with the same shared libraries, of which it calls none but the C library. What it
// takes is what the dynamic loader and those libraries' own initializers take. With --stay it keeps running, for inspection.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **words) {
  puts("hello");
  fflush(stdout);
  if (count > 1 && strcmp(words[1], "--stay") == 0) pause();
  return 0;
}
