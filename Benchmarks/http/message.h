// Reads one HTTP/1.1 message, piece by piece, as its bytes come from a socket.
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_BYTES_MAX = 8192 };

enum message_state {
    MESSAGE_HEAD,       // in the start line and header fields
    MESSAGE_COUNTED,    // in a body with Content-Length
    MESSAGE_CHUNK_SIZE, // in the line before a chunk
    MESSAGE_CHUNK_DATA, // in a chunk
    MESSAGE_CHUNK_END,  // in the line break after a chunk
    MESSAGE_TRAILER,    // after the last chunk
    MESSAGE_COMPLETE,
    MESSAGE_BROKEN,
};

// A zeroed `struct message` is one of which nothing has been read.
struct message {
    enum message_state state;
    unsigned head_length;
    unsigned long long left;       // bytes of the body or chunk still to come
    char head[HEAD_BYTES_MAX + 1]; // as received, ended by a zero byte
};

static inline void message_reset(struct message *m) {
    m->state = MESSAGE_HEAD;
    m->head_length = 0;
    m->left = 0;
}

// The text after `name` in the head, up to the end of the head; NULL without it. `name` is "\r\nContent-Length:".
static inline const char *message_field(const struct message *m, const char *name) {
    const char *found = strcasestr(m->head, name);
    return found ? found + strlen(name) : NULL;
}

static inline void message_begin_body(struct message *m) {
    const char *length = message_field(m, "\r\nContent-Length:");
    if (message_field(m, "\r\nTransfer-Encoding: chunked")) {
        m->state = MESSAGE_CHUNK_SIZE;
        m->left = 0;
    } else {
        m->left = length ? strtoull(length, NULL, 10) : 0;
        m->state = m->left > 0 ? MESSAGE_COUNTED : MESSAGE_COMPLETE;
    }
}

static inline size_t message_read_head(struct message *m, const char *bytes, size_t count) {
    unsigned before = m->head_length;
    size_t room = HEAD_BYTES_MAX - before;
    size_t taken = count < room ? count : room;
    memcpy(m->head + before, bytes, taken);
    unsigned from = before > 3 ? before - 3 : 0;
    const char *end = memmem(m->head + from, before + taken - from, "\r\n\r\n", 4);
    if (end == NULL) {
        m->head_length = before + (unsigned)taken;
        if (taken == room) m->state = MESSAGE_BROKEN;
        return taken;
    }
    m->head_length = (unsigned)(end + 4 - m->head);
    m->head[m->head_length] = 0;
    message_begin_body(m);
    return m->head_length - before;
}

static inline size_t message_read_chunk_size(struct message *m, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char c = bytes[i];
        if (c == '\n') {
            m->state = m->left > 0 ? MESSAGE_CHUNK_DATA : MESSAGE_TRAILER;
            return i + 1;
        } else if (c >= '0' && c <= '9') {
            m->left = m->left * 16 + (unsigned)(c - '0');
        } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            m->left = m->left * 16 + (unsigned)((c | 32) - 'a' + 10);
        } else if (c != '\r') {
            m->state = MESSAGE_BROKEN;
            return i + 1;
        }
    }
    return count;
}

// Trailer lines are skipped; `left` counts the bytes of the one being read.
static inline size_t message_read_trailer(struct message *m, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            if (m->left == 0) {
                m->state = MESSAGE_COMPLETE;
                return i + 1;
            }
            m->left = 0;
        } else if (bytes[i] != '\r') {
            m->left++;
        }
    }
    return count;
}

// Reads from `bytes`, at most up to the end of a piece of the body or of the message.
//
// Returns how many bytes were taken. The last `*body` of them are bytes of the message's body; 0 for none.
// Call it again with the rest until all are taken or the state is MESSAGE_COMPLETE or MESSAGE_BROKEN.
static inline size_t message_read(struct message *m, const char *bytes, size_t count, size_t *body) {
    *body = 0;
    switch (m->state) {
    case MESSAGE_HEAD:
        return message_read_head(m, bytes, count);
    case MESSAGE_CHUNK_SIZE:
        return message_read_chunk_size(m, bytes, count);
    case MESSAGE_TRAILER:
        return message_read_trailer(m, bytes, count);
    case MESSAGE_CHUNK_END:
        if (bytes[0] == '\n') m->state = MESSAGE_CHUNK_SIZE;
        else if (bytes[0] != '\r') m->state = MESSAGE_BROKEN;
        return 1;
    case MESSAGE_COUNTED:
    case MESSAGE_CHUNK_DATA:
        *body = count < m->left ? count : (size_t)m->left;
        m->left -= *body;
        if (m->left == 0) m->state = m->state == MESSAGE_COUNTED ? MESSAGE_COMPLETE : MESSAGE_CHUNK_END;
        return *body;
    case MESSAGE_COMPLETE:
    case MESSAGE_BROKEN:
        return 0;
    }
    return 0;
}
