#include "Node.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct node {
  unsigned count;
  int is_fired;
  long value;
  node_action *action;
  long (*callback)(long value);
  // Its listeners, first in first out, linked through `next`. It has a reference to each.
  struct node *first, *last, *next;
  // Without a reference.
  struct node *waiting_for;
};

struct gathering {
  struct node node;
  long remaining;
  long values[];
};

struct member {
  struct node node;
  struct gathering *of;
  long index;
};

static void *allocate(size_t size) {
  struct node *made = malloc(size);
  if (!made) {
    perror("malloc");
    exit(1);
  }
  *made = (struct node){.count = 1};
  return made;
}

void node_release(struct node *it) {
  if (--it->count > 0) return;
  while (it->first) {
    struct node *listener = it->first;
    it->first = listener->next;
    node_release(listener);
  }
  free(it);
}

// Runs the listeners of a node, and all below each before the next one. It takes the caller's reference.
static void drain(struct node *top) {
  while (top) {
    struct node *listener = top->first;
    if (!listener) {
      struct node *below = top->next;
      top->next = NULL;
      node_release(top);
      top = below;
      continue;
    }
    top->first = listener->next;
    listener->next = listener->waiting_for = NULL;
    struct node *reached = listener->action(top, listener);
    if (!reached) continue;
    if (reached->first) {
      reached->next = top;
      top = reached;
    } else {
      node_release(reached);
    }
  }
}

static void add(struct node *it, struct node *listener) {
  listener->count++;
  if (it->is_fired && !it->first) {
    struct node *reached = listener->action(it, listener);
    if (reached) drain(reached);
    return;
  }
  listener->waiting_for = it;
  if (it->first) {
    it->last->next = listener;
  } else {
    it->first = listener;
  }
  it->last = listener;
}

static struct node *run_callback(struct node *upstream, struct node *it) {
  it->value = it->callback(upstream->value);
  it->is_fired = 1;
  return it;
}

static struct node *take_value(struct node *upstream, struct node *it) {
  struct member *member = (struct member *)it;
  struct gathering *of = member->of;
  of->values[member->index] = upstream->value;
  node_release(it);
  if (--of->remaining > 0) {
    node_release(&of->node);
    return NULL;
  }
  of->node.value = (long)of->values;
  of->node.is_fired = 1;
  return &of->node;
}

struct node *node_new(void) { return allocate(sizeof(struct node)); }

struct node *node_then(struct node *it, long (*callback)(long value)) {
  struct node *stage = node_new();
  stage->action = run_callback;
  stage->callback = callback;
  add(it, stage);
  return stage;
}

void node_fire(struct node *it, long value) {
  it->value = value;
  it->is_fired = 1;
  it->count++;
  drain(it);
}

struct node *node_gather(struct node **members, long count) {
  struct gathering *made = allocate(sizeof *made + count * sizeof(long));
  made->remaining = count;
  for (long index = 0; index < count; index++) {
    struct member *member = allocate(sizeof *member);
    member->node.action = take_value;
    member->of = made;
    member->index = index;
    made->node.count++;
    add(members[index], &member->node);
    node_release(&member->node);
  }
  return &made->node;
}
