// A load generator for chat completions: one thread, keep-alive connections, whole and streamed answers.
//
//     load --port N [--path PATH] [--type TYPE] --body FILE [--key KEY]... --connections N (--seconds S | --count N)
//          [--rate N] [--hold]
//
// It opens the connections and sends one request on each, prints "ready", waits for a line on its standard input,
// does the work that is measured, prints one JSON object, and waits for another line (or the end) of its input before
// it closes the connections. So whoever started it can read the gateway's counters exactly before and after.
//
// Without --rate every connection sends its next request when it has read an answer. With it requests are due at a
// fixed rate, on whichever connection is free, and latency counts from when a request was due.
// With more than one key the connections share them out, because a gateway may bound what one key is worth a minute.
// With --hold each connection sends one request only, and what it reads in S seconds is counted.
#define _GNU_SOURCE
#include "clock.h"
#include "message.h"
#include "records.h"
#include "samples.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    IN_BYTES_MAX = 256 * 1024,
    BODY_BYTES_MAX = 32 * 1024 * 1024,
    EVENTS_MAX = 512,
    OPENING_MAX = 64, // connections that wait for their first answer at once
    ERRORS_MAX = 1000,
    ERRORS_SHOWN = 3,
    KEYS_MAX = 16,
};
static const int64_t silence_max = 30 * NANOSECONDS_PER_SECOND;

static struct options {
    uint16_t port;
    unsigned connections;
    double seconds, rate;
    unsigned long long count;
    bool hold;
    unsigned keys_count;
    const char *path, *type, *body, *keys[KEYS_MAX];
} options = {.path = "/v1/chat/completions", .type = "application/json"};

// The bytes of a request, head and body.
struct request {
    char *bytes;
    size_t length;
};

struct connection {
    int fd;
    const struct request *request;
    bool busy, answered, streamed, waits_for_room;
    size_t sent;
    int64_t started;
    struct message answer;
    struct records records;
};

static int poller;
static struct connection *connections, **idle;
static unsigned idle_count, unanswered_count;
static int64_t last_received;
static bool warm;

static unsigned long long requests, records, bytes, errors;
static struct samples latencies, delays;

static void stop(const char *why) {
    fprintf(stderr, "load: %s\n", why);
    exit(1);
}

static void connect_to_gateway(struct connection *c) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) stop("cannot connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) < 0) stop("cannot watch a connection");
    c->waits_for_room = false;
}

static void rest(struct connection *c) {
    c->busy = false;
    idle[idle_count++] = c;
}

static void note_answered(struct connection *c) {
    if (c->answered) return;
    c->answered = true;
    unanswered_count--;
}

// The request, or the idle connection, is lost; the connection is opened anew.
static void fail(struct connection *c, const char *why) {
    errors++;
    if (errors <= ERRORS_SHOWN) {
        fprintf(stderr, "load: %s", why);
        if (c->busy && c->answer.head_length > 0) fprintf(stderr, "; the answer: %.*s", (int)c->answer.head_length, c->answer.head);
        fputc('\n', stderr);
    }
    if (!warm) stop("the first answers must be good");
    if (errors > ERRORS_MAX) stop("too many errors");
    close(c->fd);
    connect_to_gateway(c);
    if (c->busy) {
        note_answered(c);
        rest(c);
    }
}

static void send_rest(struct connection *c) {
    while (c->sent < c->request->length) {
        ssize_t n = send(c->fd, c->request->bytes + c->sent, c->request->length - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) {
            fail(c, "the connection was closed while the request was sent");
            return;
        }
        if (n < 0) break;
        c->sent += (size_t)n;
    }
    bool wait = c->sent < c->request->length;
    if (wait == c->waits_for_room) return;
    c->waits_for_room = wait;
    struct epoll_event event = {.events = EPOLLIN | (wait ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

static void begin(struct connection *c, int64_t time) {
    c->busy = true;
    c->answered = false;
    c->sent = 0;
    c->started = time;
    message_reset(&c->answer);
    records_reset(&c->records);
    unanswered_count++;
    send_rest(c);
}

static void finish(struct connection *c, int64_t time) {
    if (c->streamed && !c->records.done) {
        fail(c, "a stream ended without [DONE]");
        return;
    }
    requests++;
    note_answered(c);
    samples_add(&latencies, time - c->started);
    rest(c);
}

// Checks the head once it is there.
static bool head_is_good(struct connection *c) {
    if (strncmp(c->answer.head, "HTTP/1.1 200 ", 13) != 0) return false;
    const char *type = message_field(&c->answer, "\r\nContent-Type:");
    c->streamed = type && strncasecmp(type + strspn(type, " "), "text/event-stream", 17) == 0;
    return true;
}

static void receive(struct connection *c) {
    static char in[IN_BYTES_MAX];
    ssize_t n = recv(c->fd, in, sizeof in, 0);
    if (n < 0 && errno == EAGAIN) return;
    int64_t time = last_received = now();
    if (n <= 0) {
        fail(c, c->busy ? "the connection was closed before the end of the answer" : "an idle connection was closed");
        return;
    }
    if (!c->busy) {
        fail(c, "bytes came that nobody asked for");
        return;
    }
    for (size_t taken = 0, body; taken < (size_t)n;) {
        bool in_head = c->answer.state == MESSAGE_HEAD;
        taken += message_read(&c->answer, in + taken, (size_t)n - taken, &body);
        if (in_head && c->answer.state != MESSAGE_HEAD && !head_is_good(c)) {
            fprintf(stderr, "load: refused with %.*s\n", (int)((size_t)n - taken), in + taken);
            fail(c, "a request was refused");
            return;
        }
        unsigned long long before = c->records.count;
        if (c->streamed && body > 0) records_read(&c->records, in + taken - body, body, &delays, time);
        records += c->records.count - before;
        bytes += body;
        if (body > 0) note_answered(c);
        if (c->answer.state == MESSAGE_BROKEN || (c->answer.state == MESSAGE_COMPLETE && taken < (size_t)n)) {
            fail(c, "the answer is not HTTP");
            return;
        }
    }
    if (c->answer.state == MESSAGE_COMPLETE) finish(c, time);
}

// Waits for events, at most until `due`, and handles them.
static void step(int64_t due) {
    struct epoll_event events[EVENTS_MAX];
    int64_t time = now();
    if (time - last_received > silence_max) stop("nothing came for 30 seconds");
    int64_t latest = time + NANOSECONDS_PER_SECOND;
    struct timespec wait = until(due < latest ? due : latest);
    int ready = epoll_pwait2(poller, events, EVENTS_MAX, &wait, NULL);
    for (int i = 0; i < ready; i++) {
        struct connection *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) send_rest(c);
        if (events[i].events & ~(uint32_t)EPOLLOUT) receive(c);
    }
}

// Opens all connections and has an answer on each: a whole one, or with --hold its beginning.
static void warm_up(void) {
    unsigned opened = 0;
    last_received = now();
    while (opened < options.connections || unanswered_count > 0 || (!options.hold && idle_count < options.connections)) {
        while (opened < options.connections && unanswered_count < OPENING_MAX) {
            connect_to_gateway(&connections[opened]);
            begin(&connections[opened], now());
            opened++;
        }
        step(INT64_MAX);
    }
    warm = true;
}

// When request number `number` may start.
static int64_t due_time(int64_t start, unsigned long long number) {
    return options.rate > 0 ? start + (int64_t)((double)number / options.rate * 1e9) : 0;
}

static void measure(void) {
    int64_t start = last_received = now(), end = options.seconds > 0 ? start + (int64_t)(options.seconds * 1e9) : INT64_MAX;
    unsigned long long begun = 0, count = options.count > 0 ? options.count : ~0ull;
    if (options.hold) count = 0;
    while (now() < end && (begun < count || options.hold)) {
        int64_t due = due_time(start, begun);
        bool can_begin = idle_count > 0 && begun < count;
        if (can_begin && due <= now()) {
            begin(idle[--idle_count], options.rate > 0 ? due : now());
            begun++;
        } else {
            step(can_begin && due < end ? due : end);
        }
    }
    while (!options.hold && idle_count < options.connections) step(INT64_MAX);
    printf("{\"requests\":%llu,\"records\":%llu,\"bytes\":%llu,\"errors\":%llu,\"seconds\":%.6f,", requests, records, bytes,
           errors, (double)(now() - start) / 1e9);
    samples_sort(&latencies);
    samples_sort(&delays);
    printf("\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f},", samples_percentile(&latencies, 0.5),
           samples_percentile(&latencies, 0.9), samples_percentile(&latencies, 0.99), samples_percentile(&latencies, 1));
    printf("\"delay_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}}\n", samples_percentile(&delays, 0.5),
           samples_percentile(&delays, 0.9), samples_percentile(&delays, 0.99), samples_percentile(&delays, 1));
}

static char *read_file(const char *path, size_t *length) {
    static char contents[BODY_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) stop("cannot read the body");
    *length = fread(contents, 1, sizeof contents, file);
    fclose(file);
    return contents;
}

// The request that carries `key`, or none if it is NULL.
static void make_request(struct request *made, const char *body, size_t body_length, const char *key) {
    char head[1024];
    int length = snprintf(head, sizeof head,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: %s\r\nAccept: application/json\r\n"
        "User-Agent: load\r\n%s%s%sContent-Length: %zu\r\n\r\n", options.path, options.port, options.type,
        key ? "Authorization: Bearer " : "", key ? key : "", key ? "\r\n" : "", body_length);
    if (length < 0 || (size_t)length >= sizeof head) stop("a key is too long");
    made->length = (size_t)length + body_length;
    made->bytes = malloc(made->length);
    if (made->bytes == NULL) stop("no memory");
    memcpy(made->bytes, head, (size_t)length);
    memcpy(made->bytes + length, body, body_length);
}

// One request for each key; the connections share them out.
static void make_requests(void) {
    static struct request made[KEYS_MAX];
    size_t length;
    const char *body = read_file(options.body, &length);
    unsigned count = options.keys_count > 0 ? options.keys_count : 1;
    for (unsigned i = 0; i < count; i++) make_request(&made[i], body, length, options.keys[i]);
    for (unsigned i = 0; i < options.connections; i++) connections[i].request = &made[i % count];
}

static void read_options(int count, char **arguments) {
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},    {"body", required_argument, NULL, 'b'},
        {"path", required_argument, NULL, 'P'},    {"type", required_argument, NULL, 't'},
        {"key", required_argument, NULL, 'k'},     {"connections", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'}, {"count", required_argument, NULL, 'n'},
        {"rate", required_argument, NULL, 'r'},    {"hold", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        switch (option) {
        case 'p': options.port = (uint16_t)atoi(optarg); break;
        case 'P': options.path = optarg; break;
        case 't': options.type = optarg; break;
        case 'b': options.body = optarg; break;
        case 'k':
            if (options.keys_count == KEYS_MAX) stop("too many keys");
            options.keys[options.keys_count++] = optarg;
            break;
        case 'c': options.connections = (unsigned)atoi(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'n': options.count = strtoull(optarg, NULL, 10); break;
        case 'r': options.rate = atof(optarg); break;
        case 'H': options.hold = true; break;
        default: exit(64);
        }
    }
    bool bounded = options.seconds > 0 || options.count > 0;
    if (options.port == 0 || options.body == NULL || options.connections == 0 || !bounded) {
        stop("--port, --body, --connections and --seconds or --count are needed");
    }
}

static void wait_for_line(void) {
    for (char c = 0; c != '\n' && read(STDIN_FILENO, &c, 1) > 0;) {}
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    wake_on_time();
    setvbuf(stdout, NULL, _IOLBF, 0);
    poller = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc(options.connections, sizeof *connections);
    idle = calloc(options.connections, sizeof(struct connection *));
    if (connections == NULL || idle == NULL) stop("no memory");
    make_requests();
    warm_up();
    requests = records = bytes = 0;
    latencies.count = delays.count = 0;
    puts("ready");
    wait_for_line();
    measure();
    wait_for_line();
    return errors > 0;
}
