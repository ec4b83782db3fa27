/* scan.c - see scan.h. */
#include "base/house.h"

#include "http/scan.h"

#include "base/fail.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

static struct sockaddr_un address;

void scan_start(str socket)
{
        memset(&address, 0, sizeof(address));
        if (socket.n == 0 || socket.n >= sizeof(address.sun_path))
                return;
        address.sun_family = AF_UNIX;
        memcpy(address.sun_path, socket.p, socket.n);
}

bool scan_there(void)
{
        return address.sun_family == AF_UNIX;
}

static rc no_answer(struct cx *cx)
{
        return fail(cx, RC_UNAVAILABLE, NULL, "the virus scanner does not answer");
}

rc scan_read(struct cx *cx, str answer, str *ret_found)
{
        static const str stream = { "stream: ", 8 }, found = { " FOUND", 6 };
        char *name;
        size_t n;

        while (answer.n > 0 && (answer.p[answer.n - 1] == '\0' || answer.p[answer.n - 1] == '\n'))
                answer.n--;
        if (str_is(answer, "stream: OK")) {
                *ret_found = STR_NONE;
                return RC_OK;
        }
        if (!str_starts(answer, stream) || !str_ends(answer, found) || answer.n <= stream.n + found.n)
                return no_answer(cx);
        n = answer.n - stream.n - found.n;
        n = n > SCAN_NAME_MAX ? SCAN_NAME_MAX : n;
        name = arena_copy(cx->mem, answer.p + stream.n, n + 1);
        name[n] = '\0';
        for (size_t i = 0; i < n; i++)
                if (name[i] <= ' ' || name[i] > '~')
                        name[i] = '_';
        *ret_found = (str){ name, n };
        return RC_OK;
}

static bool say(int to, const void *p, size_t n)
{
        const char *bytes = p;

        while (n > 0) {
                ssize_t done = send(to, bytes, n, MSG_NOSIGNAL);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return false;
                bytes += done;
                n -= (size_t)done;
        }
        return true;
}

/* It closes early over a file that is too large for it, and has said so by then: what it says counts, not whether it took all. */
static rc stream(struct cx *cx, int fd, int to)
{
        char *piece = arena_alloc(cx->mem, PIECE);
        uint32_t size = 0;

        if (!say(to, "zINSTREAM", sizeof("zINSTREAM")))
                return no_answer(cx);
        for (;;) {
                ssize_t n = read(fd, piece, PIECE);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return file_failed(cx, "a file to be scanned", errno);
                if (n == 0)
                        break;
                size = htonl((uint32_t)n);
                if (!say(to, &size, sizeof(size)) || !say(to, piece, (size_t)n))
                        return RC_OK;
        }
        size = 0;
        (void)say(to, &size, sizeof(size));
        return RC_OK;
}

static rc ask(struct cx *cx, int fd, int to, str *ret_found)
{
        char *answer = arena_alloc(cx->mem, SCAN_ANSWER_MAX);
        size_t n = 0;

        if (connect(to, (const struct sockaddr *)&address, sizeof(address)) != 0)
                return no_answer(cx);
        TRY(stream(cx, fd, to));
        while (n < SCAN_ANSWER_MAX) {
                ssize_t got = read(to, answer + n, SCAN_ANSWER_MAX - n);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        break;
                n += (size_t)got;
        }
        return scan_read(cx, (str){ answer, n }, ret_found);
}

rc scan_ask(struct cx *cx, int fd, str *ret_found)
{
        struct timeval patience = { .tv_sec = SCAN_TIMEOUT_MS / 1000 };
        struct arena_mark mark = arena_mark(cx->mem);
        char kept[SCAN_NAME_MAX];
        str found = STR_NONE;
        int to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        rc result;

        if (to < 0 || !scan_there()) {
                if (to >= 0)
                        (void)close(to);
                return no_answer(cx);
        }
        if (setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
            setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
                result = no_answer(cx);
        else
                result = ask(cx, fd, to, &found);
        (void)close(to);
        if (result != RC_OK)
                return result;
        if (!str_absent(found))
                memcpy(kept, found.p, found.n);
        arena_rewind(cx->mem, mark);
        *ret_found = str_absent(found) ? STR_NONE : str_copy(cx->mem, (str){ kept, found.n });
        return RC_OK;
}
