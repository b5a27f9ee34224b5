// Durations in nanoseconds, kept one by one, and their percentiles.
#pragma once

#include <stdint.h>
#include <stdlib.h>

struct samples {
    int64_t *values;
    size_t count, room;
};

static inline void samples_add(struct samples *s, int64_t value) {
    if (s->count == s->room) {
        s->room = s->room ? s->room * 2 : 65536;
        s->values = realloc(s->values, s->room * sizeof *s->values);
        if (s->values == NULL) abort();
    }
    s->values[s->count++] = value;
}

static inline int samples_compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static inline void samples_sort(struct samples *s) {
    if (s->count > 0) qsort(s->values, s->count, sizeof *s->values, samples_compare);
}

// In microseconds, of sorted samples; `part` is 0.5 for the median. 0 without samples.
static inline double samples_percentile(const struct samples *s, double part) {
    if (s->count == 0) return 0;
    return (double)s->values[(size_t)(part * (double)(s->count - 1))] / 1000;
}
