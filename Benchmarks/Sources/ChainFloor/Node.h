// A result that comes later, as Swirl's Deferred has it: a node that is at once what callbacks are added to, what its upstream calls, and the
// link in its upstream's list. Its references are counted, not atomically. It knows no failures, no cancelling, no inner results, no pauses and
// no limit of the stack, and checks nothing.
#pragma once

struct node;

// Gives a node its result from `upstream`. It takes the caller's reference to the node, and returns one to the node that has a result now, or
// NULL.
typedef struct node *node_action(struct node *upstream, struct node *it);

// A node without a result. The caller has a reference to it.
struct node *node_new(void);

// Calls `callback` with the result of a node, at once if it has it. The caller has a reference to the node that is returned.
struct node *node_then(struct node *it, long (*callback)(long value));

void node_fire(struct node *it, long value);
void node_release(struct node *it);

// A node whose result is an array of those of all members, in their order, which lives as long as the node.
struct node *node_gather(struct node **members, long count);
