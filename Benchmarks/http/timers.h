// A binary heap of deadlines; the earliest is on top.
#pragma once

#include <stdint.h>
#include <stdlib.h>

// Part of what waits. `place` is 0 while it is not in the heap.
struct timer {
    int64_t due;
    unsigned place;
};

struct timers {
    struct timer **heap; // from index 1
    unsigned count, room;
};

static inline void timers_put(struct timers *t, unsigned place, struct timer *timer) {
    t->heap[place] = timer;
    timer->place = place;
}

// Moves `timer`, which belongs at `place` or above or below it, to where it belongs.
static inline void timers_settle(struct timers *t, unsigned place, struct timer *timer) {
    while (place > 1 && timer->due < t->heap[place / 2]->due) {
        timers_put(t, place, t->heap[place / 2]);
        place /= 2;
    }
    for (unsigned child; (child = place * 2) <= t->count; place = child) {
        if (child < t->count && t->heap[child + 1]->due < t->heap[child]->due) child++;
        if (timer->due <= t->heap[child]->due) break;
        timers_put(t, place, t->heap[child]);
    }
    timers_put(t, place, timer);
}

static inline struct timer *timers_first(const struct timers *t) {
    return t->count > 0 ? t->heap[1] : NULL;
}

// `timer` must not be in the heap.
static inline void timers_add(struct timers *t, struct timer *timer, int64_t due) {
    if (t->count + 1 >= t->room) {
        t->room = t->room ? t->room * 2 : 1024;
        t->heap = realloc(t->heap, t->room * sizeof *t->heap);
        if (t->heap == NULL) abort();
    }
    timer->due = due;
    t->count++;
    timers_settle(t, t->count, timer);
}

static inline void timers_remove(struct timers *t, struct timer *timer) {
    unsigned place = timer->place;
    if (place == 0) return;
    timer->place = 0;
    struct timer *last = t->heap[t->count--];
    if (last != timer) timers_settle(t, place, last);
}
