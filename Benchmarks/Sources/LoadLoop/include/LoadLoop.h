// What clients in C that measure themselves have in common: options, errors, and the time from a warm-up to the end.
#pragma once

// Ends the program if `result` is negative, with the error of the system.
void check(long result, const char *what);

// The word behind an option; NULL without it.
const char *load_text(int count, char **words, const char *name);
double load_option(int count, char **words, const char *name, double otherwise);

// Begins the warm-up, with so many requests in flight, after which `seconds` are measured.
void load_start(long in_flight, double seconds);

// To be called once a turn with how many requests are complete. At the end it prints what they took, as Measure/Report.swift does, and
// returns 1.
int load_is_over(long completed);
