// What programs in C that measure themselves have in common: what they used, and of clients options, errors, and the time from a warm-up to
// the end.
#pragma once

// Of the process so far, in seconds.
struct usage {
  double user, system, wall;
};

struct usage usage_now(void);

// Prints what so many operations took, as Measure/Report.swift does.
void report(const char *figure, long operations, struct usage start);

// Ends the program if `result` is negative, with the error of the system.
void check(long result, const char *what);

// The word behind an option; NULL without it.
const char *load_text(int count, char **words, const char *name);
double load_option(int count, char **words, const char *name, double otherwise);

// Begins the warm-up, with so many requests in flight, after which `seconds` are measured.
void load_start(long in_flight, double seconds);

// To be called once a turn with how many requests are complete. At the end it reports what they took, and returns 1.
int load_is_over(long completed);
