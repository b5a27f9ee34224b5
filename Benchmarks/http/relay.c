// A bare TCP relay: what a gateway cannot do without. It reads nothing of what it passes on.
//
//     relay PORT UPSTREAM_PORT
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 64 * 1024, EVENTS_MAX = 512 };

// One of the two sides of a relayed connection.
struct side {
    int fd; // -1 once closed
    struct side *other;
    char *unsent; // what this side's socket did not take yet; its peer is not read meanwhile
    size_t unsent_length;
    struct side *next_ended;
};

static int poller;
static struct side *ended; // to be freed once the events at hand are dealt with

static void watch(struct side *s, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = s};
    epoll_ctl(poller, EPOLL_CTL_MOD, s->fd, &event);
}

static void end(struct side *s) {
    close(s->fd);
    close(s->other->fd);
    s->fd = s->other->fd = -1;
    s->next_ended = ended;
    ended = s;
}

static void free_ended(void) {
    while (ended != NULL) {
        struct side *s = ended;
        ended = s->next_ended;
        free(s->unsent);
        free(s->other->unsent);
        free(s < s->other ? s : s->other); // they were allocated together
    }
}

static void pass(struct side *from) {
    static char buffer[BUFFER_BYTES];
    struct side *to = from->other;
    if (to->unsent != NULL) { // not watched for input, so this is an error
        end(from);
        return;
    }
    ssize_t got = recv(from->fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) return;
    ssize_t sent = got > 0 ? send(to->fd, buffer, (size_t)got, MSG_NOSIGNAL) : -1;
    if (got > 0 && sent < 0 && errno == EAGAIN) sent = 0;
    if (sent < 0) {
        end(from);
    } else if (sent < got) {
        to->unsent_length = (size_t)(got - sent);
        to->unsent = malloc(to->unsent_length);
        if (to->unsent == NULL) abort();
        memcpy(to->unsent, buffer + sent, to->unsent_length);
        watch(to, EPOLLIN | EPOLLOUT);
        watch(from, 0);
    }
}

static void send_unsent(struct side *s) {
    ssize_t sent = send(s->fd, s->unsent, s->unsent_length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) {
        end(s);
        return;
    }
    s->unsent_length -= (size_t)sent;
    memmove(s->unsent, s->unsent + sent, s->unsent_length);
    if (s->unsent_length > 0) return;
    free(s->unsent);
    s->unsent = NULL;
    watch(s, EPOLLIN);
    watch(s->other, EPOLLIN);
}

static struct sockaddr_in loopback(const char *port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void add(struct side *s) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    epoll_ctl(poller, EPOLL_CTL_ADD, s->fd, &event);
}

static void welcome(int listener, const struct sockaddr_in *upstream) {
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct side *sides = calloc(2, sizeof *sides);
    // On loopback a connection stands when connect() returns, or is refused.
    bool failed = connect(server, (const struct sockaddr *)upstream, sizeof *upstream) < 0 && errno != EINPROGRESS;
    if (sides == NULL || failed) {
        perror("relay: cannot reach the upstream");
        exit(1);
    }
    sides[0] = (struct side){.fd = client, .other = &sides[1]};
    sides[1] = (struct side){.fd = server, .other = &sides[0]};
    add(&sides[0]);
    add(&sides[1]);
}

static void serve(struct side *s, uint32_t events) {
    if (s->fd < 0) return;
    if (events & EPOLLOUT) send_unsent(s);
    else pass(s);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: relay PORT UPSTREAM_PORT\n", stderr);
        return 64;
    }
    struct sockaddr_in own = loopback(arguments[1]), upstream = loopback(arguments[2]);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&own, sizeof own) < 0 || listen(listener, 4096) < 0) {
        perror("relay: cannot listen");
        return 1;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS_MAX];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS_MAX, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL) welcome(listener, &upstream);
            else serve(events[i].data.ptr, events[i].events);
        }
        free_ended();
    }
}
