// Chains of callbacks and gathering in C: the floor for nodes that are allocated one by one, counted, and call each other by pointers. The
// figures are those of Chains; cancelling is not among them.
#include "Node.h"

#include <LoadLoop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile long used;

static long add_one(long value) { return value + 1; }

static long use(long value) { return used = value; }

// The chain behind `source`, whose stages the program does not keep.
static void chain(struct node *source, int callbacks) {
  struct node *last = source;
  for (int index = 1; index <= callbacks; index++) {
    struct node *next = node_then(last, index < callbacks ? add_one : use);
    if (last != source) node_release(last);
    last = next;
  }
  node_release(last);
}

static void fired_first(long value) {
  struct node *source = node_new();
  node_fire(source, value);
  chain(source, 3);
  node_release(source);
}

static void fired_last(long value) {
  struct node *source = node_new();
  chain(source, 4);
  node_fire(source, value);
  node_release(source);
}

static void gather(long count, long value) {
  struct node **members = malloc(count * sizeof *members);
  if (!members) exit(1);
  for (long index = 0; index < count; index++) members[index] = node_new();
  struct node *all = node_gather(members, count);
  node_release(node_then(all, use));
  node_release(all);
  for (long index = 0; index < count; index++) node_fire(members[index], value);
  for (long index = 0; index < count; index++) node_release(members[index]);
  free(members);
}

static void gather_ten(long value) { gather(10, value); }

static void gather_many(long value) { gather(100000, value); }

// After a tenth as many to warm up, as Measure/Repeat.swift does.
static void measure(const char *figure, long count, void (*body)(long value)) {
  for (long index = 0; index < (count + 9) / 10; index++) body(index);
  struct usage start = usage_now();
  for (long index = 0; index < count; index++) body(index);
  report(figure, count, start);
}

int main(int count, char **words) {
  int share = count > 1 && strcmp(words[1], "--quick") == 0 ? 10 : 1;
  measure("three callbacks, fired first", 500000 / share, fired_first);
  measure("four callbacks, fired last", 500000 / share, fired_last);
  measure("gather of ten", 100000 / share, gather_ten);
  measure("gather of 100,000", 10 / share, gather_many);
  return 0;
}
