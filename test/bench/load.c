/* load.c - a lean HTTP/1.1 load generator for unix sockets: keep-alive connections spread over the sockets named, one request in flight on each.
 * Usage: load -c CONNECTIONS -d SECONDS -r REQUEST_FILE [-m MAX] [-s FIRST] SOCKET...
 * In the request file "%RANDOM%" becomes a random number 1..MAX and "%COUNTER%" a number that never repeats, both of 8 digits with leading
 * zeros, so that Content-Length stays right. Prints one line: requests, requests a second, p50 and p99 in microseconds, not-2xx answers.
 * Bounded in time and connections; end by itself. Not part of the product. */
#include "base/house.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, REQUEST_MAX = 8192, ANSWER_MAX = 1 << 20, SAMPLES = 1 << 22 };

struct client {
        int fd;
        int64_t sent_ns;
        size_t have;            /* bytes of the answer so far */
        size_t want;            /* whole answer; 0: header not complete */
        char *answer;
};

static char request[REQUEST_MAX];
static size_t request_size;
static int64_t number_max = 1, counter;
static uint32_t *sample;
static size_t samples, refused;

static int64_t now_ns(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static NORETURN void die(const char *what)
{
        perror(what);
        exit(1);
}

static void digits(char *p, int64_t n)
{
        for (int i = 7; i >= 0; i--, n /= 10)
                p[i] = (char)('0' + n % 10);
}

/* The request with its numbers put in; a mark and its number differ in length, so the rest moves up. */
static size_t request_fill(char *out)
{
        size_t n = 0;

        for (size_t i = 0; i < request_size;) {
                if (request_size - i >= 8 && memcmp(request + i, "%RANDOM%", 8) == 0) {
                        digits(out + n, 1 + (int64_t)(((uint64_t)lrand48() << 16 ^ (uint64_t)lrand48()) % (uint64_t)number_max));
                        n += 8;
                        i += 8;
                } else if (request_size - i >= 9 && memcmp(request + i, "%COUNTER%", 9) == 0) {
                        digits(out + n, counter++);
                        n += 8;
                        i += 9;
                } else {
                        out[n++] = request[i++];
                }
        }
        return n;
}

static void client_send(struct client *c)
{
        static char out[REQUEST_MAX];
        size_t n = request_fill(out);

        c->have = c->want = 0;
        c->sent_ns = now_ns();
        if (send(c->fd, out, n, MSG_NOSIGNAL) != (ssize_t)n)
                die("send");
}

/* True when one whole answer has arrived. */
static bool client_take(struct client *c)
{
        ssize_t n = recv(c->fd, c->answer + c->have, ANSWER_MAX - c->have - 1, 0);

        if (n < 0 && errno == EAGAIN)
                return false;
        if (n <= 0)
                die("the server closed a connection");
        c->have += (size_t)n;
        c->answer[c->have] = 0;
        if (c->want == 0) {
                const char *end = strstr(c->answer, "\r\n\r\n");
                const char *length;

                if (end == NULL)
                        return false;
                length = strcasestr(c->answer, "\r\nContent-Length:");
                if (length == NULL || length > end) {
                        (void)fprintf(stderr, "no Content-Length in: %.200s\n", c->answer);
                        exit(1);
                }
                c->want = (size_t)(end + 4 - c->answer) + strtoul(length + 17, NULL, 10);
        }
        return c->have >= c->want;
}

static void client_done(const struct client *c)
{
        if (samples < SAMPLES)
                sample[samples] = (uint32_t)((now_ns() - c->sent_ns) / 1000);
        samples++;
        if (c->answer[9] != '2') {
                if (refused++ == 0)
                        (void)fprintf(stderr, "first answer that is not 2xx: %.400s\n", c->answer);
        }
}

static int by_size(const void *a, const void *b)
{
        return (*(const uint32_t *)a > *(const uint32_t *)b) - (*(const uint32_t *)a < *(const uint32_t *)b);
}

int main(int argc, char **argv)
{
        static struct client client[CONNECTIONS_MAX];
        int connections = 64, seconds = 5, option, poll;
        int64_t start, end;
        FILE *f;

        while ((option = getopt(argc, argv, "c:d:r:m:s:")) != -1) {
                switch (option) {
                case 'c': connections = (int)strtol(optarg, NULL, 10); break;
                case 'd': seconds = (int)strtol(optarg, NULL, 10); break;
                case 'm': number_max = strtol(optarg, NULL, 10); break;
                case 's': counter = strtol(optarg, NULL, 10); break;
                case 'r':
                        f = fopen(optarg, "rb");
                        if (f == NULL)
                                die(optarg);
                        request_size = fread(request, 1, sizeof(request) - 64, f);
                        (void)fclose(f);
                        break;
                default: return 2;
                }
        }
        if (request_size == 0 || optind == argc || connections < 1 || connections > CONNECTIONS_MAX || seconds < 1 || seconds > 120)
                return 2;
        srand48(1);
        sample = calloc(SAMPLES, sizeof(*sample));
        poll = epoll_create1(0);
        must(sample != NULL && poll >= 0);
        for (int i = 0; i < connections; i++) {
                struct sockaddr_un a = { .sun_family = AF_UNIX };
                struct epoll_event e = { .events = EPOLLIN, .data.ptr = &client[i] };

                (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", argv[optind + i % (argc - optind)]);
                client[i].fd = socket(AF_UNIX, SOCK_STREAM, 0);
                client[i].answer = calloc(1, ANSWER_MAX);
                must(client[i].answer != NULL);
                if (connect(client[i].fd, (struct sockaddr *)&a, sizeof(a)) != 0)
                        die(a.sun_path);
                (void)fcntl(client[i].fd, F_SETFL, O_NONBLOCK);
                must(epoll_ctl(poll, EPOLL_CTL_ADD, client[i].fd, &e) == 0);
        }
        start = now_ns();
        end = start + (int64_t)seconds * 1000000000;
        for (int i = 0; i < connections; i++)
                client_send(&client[i]);
        while (now_ns() < end) {
                struct epoll_event e[64];
                int n = epoll_wait(poll, e, 64, 100);

                for (int i = 0; i < n; i++) {
                        struct client *c = e[i].data.ptr;

                        if (client_take(c)) {
                                client_done(c);
                                client_send(c);
                        }
                }
        }
        end = now_ns();
        if (samples == 0)
                return 1;
        qsort(sample, samples < SAMPLES ? samples : SAMPLES, sizeof(*sample), by_size);
        printf("requests=%zu per_second=%.0f p50_us=%u p99_us=%u not_2xx=%zu counter=%" PRId64 "\n", samples,
               (double)samples * 1e9 / (double)(end - start), sample[samples / 2], sample[samples * 99 / 100], refused, counter);
        return refused ? 1 : 0;
}
