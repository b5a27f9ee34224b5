// Counts the SSE records of a stream, and how long each was on the way from the mock upstream.
#pragma once

#include "clock.h"
#include "samples.h"

#include <stdbool.h>
#include <string.h>

enum { LINE_BYTES_MAX = 1024 };

// The records of one answer. Zeroed: none read yet.
struct records {
    unsigned long long count; // `data:` lines, "[DONE]" left out
    bool done;                // "[DONE]" was read
    size_t line_length;
    char line[LINE_BYTES_MAX]; // the line being read, cut off at the bound
};

static inline void records_reset(struct records *r) {
    r->count = 0;
    r->done = false;
    r->line_length = 0;
}

static inline void records_take_line(struct records *r, struct samples *delays, int64_t time) {
    const char *line = r->line;
    if (r->line_length < 6 || memcmp(line, "data: ", 6) != 0) return;
    if (r->line_length >= 12 && memcmp(line, "data: [DONE]", 12) == 0) {
        r->done = true;
        return;
    }
    r->count++;
    const char *stamp = memmem(line, r->line_length, " @", 2);
    if (stamp == NULL || stamp + 18 > line + r->line_length) return;
    int64_t sent = 0;
    for (const char *digit = stamp + 2; digit < stamp + 18; digit++) {
        int value = *digit <= '9' ? *digit - '0' : *digit - 'a' + 10;
        if (value < 0 || value > 15) return;
        sent = sent << 4 | value;
    }
    samples_add(delays, time - sent);
}

// Reads a piece of the body that came in at `time`.
static inline void records_read(struct records *r, const char *bytes, size_t count, struct samples *delays,
                                int64_t time) {
    while (count > 0) {
        const char *end = memchr(bytes, '\n', count);
        size_t length = end ? (size_t)(end - bytes) : count;
        size_t room = LINE_BYTES_MAX - r->line_length;
        size_t kept = length < room ? length : room;
        memcpy(r->line + r->line_length, bytes, kept);
        r->line_length += kept;
        if (end == NULL) return;
        records_take_line(r, delays, time);
        r->line_length = 0;
        bytes = end + 1;
        count -= length + 1;
    }
}
