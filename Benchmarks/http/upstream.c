// A mock of an OpenAI-compatible server: one thread, HTTP/1.1 with keep-alive, plain and streamed chat completions, images
// of a megabyte, speech, and transcripts of files that it does not listen to.
//
//     upstream PORT
//
// The request decides what is answered: `"stream":true` asks for a stream, and "bench chunks=64 gap=2-10" anywhere in
// its body for one of 64 chunks, each 2 to 10 ms after the one before (gap=0-0: as fast as the socket takes them).
// Every chunk is one HTTP chunk and one write; the second follows the first at once, as the first words of a model
// follow the chunk that names its role. Chunks of speech are 50 ms of PCM each.
#define _GNU_SOURCE
#include "answers.h"
#include "clock.h"
#include "message.h"
#include "timers.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_BYTES_MAX = 4096, IN_BYTES_MAX = 256 * 1024, BODY_BYTES_MAX = 64 * 1024 * 1024, UPLOAD_BYTES_MIN = 25 * 1000 * 1000,
    EVENTS_MAX = 512 };

struct connection {
    struct timer timer; // when the next chunk of the stream is due
    int fd;
    bool waits_for_room;
    struct message request;
    char *body;
    size_t body_length, body_room;
    char out[OUT_BYTES_MAX];
    size_t out_length, out_sent;
    size_t image_left; // bytes of the image to send behind `out`
    // The stream being answered.
    unsigned chunks, chunks_made; // equal while there is none
    unsigned gap_ms_min, gap_ms_max;
    bool wants_usage, is_speech;
};

static int poller;
static struct timers timers;
static char completion[OUT_BYTES_MAX];
static size_t completion_length;
static char image[IMAGE_BYTES];

static uint32_t random_below(uint32_t bound) {
    static uint64_t state = 0x9e3779b97f4a7c15u; // the same gaps in every run
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)((state >> 32) * bound >> 32);
}

static void watch(struct connection *c, bool for_room) {
    if (c->waits_for_room == for_room) return;
    c->waits_for_room = for_room;
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

static void leave(struct connection *c) {
    timers_remove(&timers, &c->timer);
    close(c->fd);
    free(c->body);
    free(c);
}

// Writes the last `*left` bytes before `end`, as many as the socket takes; false when the connection is gone (and freed).
static bool send_before(struct connection *c, const char *end, size_t *left) {
    while (*left > 0) {
        ssize_t n = send(c->fd, end - *left, *left, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return true;
        if (n < 0) {
            leave(c);
            return false;
        }
        *left -= (size_t)n;
    }
    return true;
}

// Writes what is in `out`, and the image behind it; false when the connection is gone (and freed).
static bool flush(struct connection *c) {
    size_t left = c->out_length - c->out_sent;
    if (!send_before(c, c->out + c->out_length, &left)) return false;
    c->out_sent = c->out_length - left;
    if (left == 0 && !send_before(c, image + sizeof image, &c->image_left)) return false;
    bool is_whole = left == 0 && c->image_left == 0;
    watch(c, !is_whole);
    if (is_whole) c->out_length = c->out_sent = 0;
    return true;
}

static void append(struct connection *c, const char *text, size_t length) {
    memcpy(c->out + c->out_length, text, length);
    c->out_length += length;
}

static void append_chunk(struct connection *c, const char *record, size_t length) {
    c->out_length += (size_t)sprintf(c->out + c->out_length, "%zx\r\n", length);
    append(c, record, length);
    append(c, "\r\n", 2);
}

// Role first, then content, then the reason of the end, and the totals where they were asked for.
static enum record next_record(const struct connection *c) {
    unsigned after = c->chunks - c->chunks_made - 1;
    if (after == 0) return c->wants_usage ? RECORD_TOTALS : RECORD_FINISH;
    if (after == 1 && c->wants_usage) return RECORD_FINISH;
    return c->chunks_made == 0 ? RECORD_ROLE : RECORD_CONTENT;
}

static void make_speech(struct connection *c) {
    static const char samples[SPEECH_CHUNK_BYTES];
    if (c->chunks_made == 0) append(c, SPEECH_HEAD, strlen(SPEECH_HEAD));
    append_chunk(c, samples, sizeof samples);
    c->chunks_made++;
    if (c->chunks_made == c->chunks) append(c, "0\r\n\r\n", 5);
}

static void make_chunk(struct connection *c) {
    if (c->is_speech) {
        make_speech(c);
        return;
    }
    char record[RECORD_BYTES_MAX];
    if (c->chunks_made == 0) append(c, STREAM_HEAD, strlen(STREAM_HEAD));
    append_chunk(c, record, write_record(record, next_record(c), now(), c->wants_usage));
    c->chunks_made++;
    if (c->chunks_made == c->chunks) {
        append_chunk(c, "data: [DONE]\n\n", 14);
        append(c, "0\r\n\r\n", 5);
    }
}

// Goes on with the stream until it has to wait: for room, for the next chunk to be due, for another request.
static void stream(struct connection *c) {
    while (flush(c) && c->out_length == 0 && c->chunks_made < c->chunks) {
        if (c->gap_ms_max > 0 && c->chunks_made > 1) {
            uint32_t microseconds = c->gap_ms_min * 1000 + random_below((c->gap_ms_max - c->gap_ms_min) * 1000 + 1);
            timers_add(&timers, &c->timer, now() + microseconds * INT64_C(1000));
            return;
        }
        make_chunk(c);
    }
}

static bool body_has(const struct connection *c, const char *text) {
    return memmem(c->body, c->body_length, text, strlen(text)) != NULL;
}

static void begin_stream(struct connection *c, bool is_speech) {
    c->is_speech = is_speech;
    c->chunks = 64, c->gap_ms_min = 2, c->gap_ms_max = 10;
    const char *wish = memmem(c->body, c->body_length, "bench chunks=", 13);
    // The body is followed by a zero byte.
    if (wish) sscanf(wish, "bench chunks=%u gap=%u-%u", &c->chunks, &c->gap_ms_min, &c->gap_ms_max);
    if (c->chunks < 3) c->chunks = 3;
    if (c->gap_ms_max < c->gap_ms_min) c->gap_ms_max = c->gap_ms_min;
    c->wants_usage = body_has(c, "\"include_usage\":true") || body_has(c, "\"include_usage\": true");
    c->chunks_made = 0;
    make_chunk(c);
    stream(c);
}

static void answer_json(struct connection *c, const char *status, const char *body) {
    c->out_length = (size_t)snprintf(c->out, OUT_BYTES_MAX,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
    flush(c);
}

static bool is_upload(const struct connection *c) {
    return strncmp(c->request.head, "POST /v1/audio/transcriptions ", 30) == 0;
}

static void answer(struct connection *c) {
    const char *head = c->request.head;
    if (strncmp(head, "POST /v1/chat/completions ", 26) == 0) {
        if (body_has(c, "\"stream\":true") || body_has(c, "\"stream\": true")) {
            begin_stream(c, false);
        } else {
            append(c, completion, completion_length);
            flush(c);
        }
    } else if (strncmp(head, "POST /v1/audio/speech ", 22) == 0) {
        begin_stream(c, true);
    } else if (is_upload(c)) {
        if (c->body_length >= UPLOAD_BYTES_MIN) answer_json(c, "200 OK", TRANSCRIPT);
        else answer_json(c, "400 Bad Request", "{\"error\":{\"message\":\"The file is not whole.\"}}");
    } else if (strncmp(head, "POST /v1/images/generations ", 28) == 0) {
        c->out_length = (size_t)sprintf(c->out, ANSWER_HEAD("application/json") "Content-Length: %zu\r\n\r\n", sizeof image);
        c->image_left = sizeof image;
        flush(c);
    } else if (strncmp(head, "GET /v1/models ", 15) == 0) {
        answer_json(c, "200 OK", MODELS);
    } else if (strncmp(head, "GET /health ", 12) == 0) {
        answer_json(c, "200 OK", "{\"status\":\"ok\"}");
    } else {
        answer_json(c, "404 Not Found", "{\"error\":{\"message\":\"The mock has no such path.\"}}");
    }
}

static bool keep_body(struct connection *c, const char *bytes, size_t count) {
    if (c->body_length + count + 1 > c->body_room) {
        size_t room = (c->body_length + count + 1) * 2;
        if (room > BODY_BYTES_MAX) return false;
        char *grown = realloc(c->body, room);
        if (grown == NULL) return false;
        c->body = grown, c->body_room = room;
    }
    memcpy(c->body + c->body_length, bytes, count);
    c->body_length += count;
    c->body[c->body_length] = 0;
    return true;
}

static void receive(struct connection *c) {
    static char in[IN_BYTES_MAX];
    ssize_t n = recv(c->fd, in, sizeof in, 0);
    if (n < 0 && errno == EAGAIN) return;
    // Nobody sends a second request before the first is answered; that, too, ends the connection.
    if (n <= 0 || c->chunks_made < c->chunks || c->out_length > 0 || c->image_left > 0) {
        leave(c);
        return;
    }
    if (c->request.head_length == 0) c->body_length = 0;
    for (size_t taken = 0, body; taken < (size_t)n;) {
        taken += message_read(&c->request, in + taken, (size_t)n - taken, &body);
        bool has_room = true;
        if (is_upload(c)) c->body_length += body;
        else has_room = keep_body(c, in + taken - body, body);
        if (!has_room || c->request.state == MESSAGE_BROKEN ||
            (c->request.state == MESSAGE_COMPLETE && taken < (size_t)n)) {
            leave(c);
            return;
        }
    }
    if (c->request.state == MESSAGE_COMPLETE) {
        message_reset(&c->request);
        answer(c); // may free `c`
    }
}

static void welcome(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct connection *c = calloc(1, sizeof *c);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (c == NULL || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) {
        perror("upstream: cannot take a connection");
        exit(1);
    }
    c->fd = fd;
}

static int listen_on(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0) {
        perror("upstream: cannot listen");
        exit(1);
    }
    return fd;
}

// A connection that can take more after it could not; or the next request, or the end of a connection.
static void serve(struct connection *c, uint32_t events) {
    if (events & EPOLLOUT) stream(c);
    else receive(c);
}

int main(int count, char **arguments) {
    int port = count == 2 ? atoi(arguments[1]) : 0;
    if (port <= 0 || port > 65535) {
        fprintf(stderr, "usage: upstream PORT\n");
        return 64;
    }
    wake_on_time();
    write_image(image, sizeof image);
    completion_length = write_completion(completion, sizeof completion);
    int listener = listen_on((uint16_t)port);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS_MAX];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct timer *first = timers_first(&timers);
        struct timespec wait = first ? until(first->due) : (struct timespec){0, 0};
        int ready = epoll_pwait2(poller, events, EVENTS_MAX, first ? &wait : NULL, NULL);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL) welcome(listener);
            else serve(events[i].data.ptr, events[i].events);
        }
        int64_t time = now();
        while ((first = timers_first(&timers)) != NULL && first->due <= time) {
            struct connection *c = (struct connection *)first; // its first member
            timers_remove(&timers, first);
            make_chunk(c);
            stream(c);
        }
    }
}
