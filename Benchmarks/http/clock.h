// Time in nanoseconds on the clock that all processes of the machine share.
#pragma once

#include <stdint.h>
#include <sys/prctl.h>
#include <time.h>

#define NANOSECONDS_PER_SECOND INT64_C(1000000000)

static inline int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NANOSECONDS_PER_SECOND + t.tv_nsec;
}

// How long to wait for `due`; not less than nothing.
static inline struct timespec until(int64_t due) {
    int64_t left = due - now();
    if (left < 0) left = 0;
    return (struct timespec){left / NANOSECONDS_PER_SECOND, left % NANOSECONDS_PER_SECOND};
}

// Without this Linux lets every timed wait end up to 50 µs late.
static inline void wake_on_time(void) {
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}
