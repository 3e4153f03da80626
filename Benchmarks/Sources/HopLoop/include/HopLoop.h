#ifndef HOP_LOOP_H
#define HOP_LOOP_H

// Things that go from a loop to another thread and come back: the floor of an await that changes threads. A semaphore tells the thread of
// each, as libdispatch does, and an eventfd the loop.

// Starts the thread, and returns the eventfd, which is readable when something has come back.
int hop_start(void);

// Gives `it` to the thread. No more than 16,384 may be on their way.
void hop_there(void *it);

// Makes the eventfd unreadable, and passes all that have come back to `receive`.
void hop_back(void (*receive)(void *it));

#endif
