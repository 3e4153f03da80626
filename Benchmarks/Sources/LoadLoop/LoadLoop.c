#define _GNU_SOURCE
#include "LoadLoop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const double warm_up = 0.5;
static struct usage start;
static double end, measured;
static long before, in_flight;
static int is_warm;

void check(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

const char *load_text(int count, char **words, const char *name) {
  for (int index = 1; index + 1 < count; index++)
    if (strcmp(words[index], name) == 0) return words[index + 1];
  return NULL;
}

double load_option(int count, char **words, const char *name, double otherwise) {
  const char *word = load_text(count, words, name);
  return word ? atof(word) : otherwise;
}

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

struct usage usage_now(void) {
  struct rusage usage;
  struct timespec time;
  getrusage(RUSAGE_SELF, &usage);
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (struct usage){seconds(usage.ru_utime), seconds(usage.ru_stime), time.tv_sec + time.tv_nsec / 1e9};
}

void report(const char *figure, long operations, struct usage from) {
  struct usage at = usage_now();
  printf(
    "{\"figure\": \"%s\", \"operations\": %ld, \"user\": %f, \"system\": %f, \"wall\": %f}\n", figure, operations, at.user - from.user,
    at.system - from.system, at.wall - from.wall);
}

void load_start(long requests, double time) {
  in_flight = requests;
  measured = time;
  end = usage_now().wall + warm_up;
}

int load_is_over(long completed) {
  struct usage at = usage_now();
  if (at.wall < end || (!is_warm && completed < 2 * in_flight)) return 0;
  if (is_warm) {
    report("", completed - before, start);
    return 1;
  }
  is_warm = 1;
  start = at;
  end = at.wall + measured;
  before = completed;
  return 0;
}
