/* up.c - see up.h. Order: directory, settings, port, user; PostgreSQL, workers, nginx; "ready"; and all of it backwards. */
#include "base/house.h"

#include "cli/up.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/authority.h"
#include "cli/cluster.h"
#include "cli/cmd_erasure.h"
#include "cli/demo.h"
#include "cli/edge.h"
#include "cli/parent.h"
#include "cli/servant.h"
#include "cli/watch.h"
#include "cli/worker.h"
#include "log/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
        READY_MS = 30000,
        SETTLE_MS = 10000,
        ROUND_MS = 5000,
        PROVE_MS = 10 * 60 * 1000,
        RENEW_MS = 60 * 60 * 1000,
        DOWN_MS = 90000,
        SOCKET_PATH_MAX = 100
};

struct up {
        struct place *place;
        struct child *edge;
        int lock;
        int listen_fd;
        int64_t port;
        bool demo;
};

/* The lock is held as long as this process lives; its text is the process number. *ret -1: somebody else holds it. */
static rc lock_take(struct cx *cx, str dir, int *ret)
{
        const char *path = place_path(cx, dir, "run/lock");
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return file_failed(cx, path, errno);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
                *ret = fd;
                return RC_OK;
        }
        (void)close(fd);
        *ret = -1;
        return RC_OK;
}

static int64_t lock_holder(struct cx *cx, str dir)
{
        int64_t pid = 0;
        str text;

        if (file_read(cx, place_path(cx, dir, "run/lock"), 64, &text) != RC_OK || !str_int(str_trim(text), &pid))
                return 0;
        return pid;
}

/* The nginx of a parent that was killed a moment ago may still be closing this very port. */
static rc port_take(struct cx *cx, const struct place *place, struct up *up)
{
        const char *left = place_path(cx, place->dir, "run/nginx.pid");
        msec end = clock_tick() + SETTLE_MS;

        for (;;) {
                rc result = edge_listen(cx, &place->config, &up->listen_fd, &up->port);
                int64_t pid = 0;
                str text;

                if (result != RC_CONFLICT || access(left, F_OK) != 0 || clock_tick() >= end)
                        return result;
                if (file_read(cx, left, 64, &text) != RC_OK || !str_int(str_trim(text), &pid) || pid <= 1 || kill((pid_t)pid, 0) != 0)
                        return result;
                fail_clear(cx);
                (void)usleep(20000);
        }
}

static rc prepare(struct cx *cx, struct args *args, struct up *up)
{
        struct place *place = NEW(cx->mem, struct place);
        str dir = command_dir(cx);
        int64_t port = -1;

        up->demo = args_flag(args, "--demo");
        TRY(args_int(cx, args, "--port", 0, 65535, &port));
        TRY(args_end(cx, args));
        if (dir.n > SOCKET_PATH_MAX - sizeof("/run/.s.PGSQL.5432"))
                return fail(cx, RC_INVALID, NULL, "the path %.*s is too long for a socket; choose a shorter one with --dir", STR_ARG(dir));
        TRY(place_create(cx, dir));
        TRY(place_open(cx, dir, place));
        if (port >= 0)
                place->config.port = port;
        TRY(lock_take(cx, dir, &up->lock));
        if (up->lock < 0)
                return fail(cx, RC_CONFLICT, NULL, "Daicho already runs in %.*s (process %lld); stop it with `daicho down --dir %.*s`", STR_ARG(dir),
                            (long long)lock_holder(cx, dir), STR_ARG(dir));
        TRY(port_take(cx, place, up));
        place->config.port = up->port;
        TRY(servant_become(cx, place));
        if (ftruncate(up->lock, 0) != 0 || dprintf(up->lock, "%d\n", (int)getpid()) < 0)
                return file_failed(cx, place_path(cx, dir, "run/lock"), errno);
        up->place = place;
        return RC_OK;
}

static rc workers_start(struct cx *cx, const struct place *place)
{
        const int64_t count[SANDBOX_KINDS] = { [SANDBOX_WEB] = place->config.web_workers,
                                               [SANDBOX_AUTH] = place->config.auth_workers,
                                               [SANDBOX_JOBS] = place->config.job_workers,
                                               [SANDBOX_SSO] = place->config.sso_workers,
                                               [SANDBOX_RENEW] = 1,
                                               [SANDBOX_MAILER] = str_empty(place->config.mail_host) ? 0 : 1,
                                               [SANDBOX_COURIER] = place->config.webhook_workers,
                                               [SANDBOX_SEALER] = 1,
                                               [SANDBOX_WATCH] = 1,
                                               [SANDBOX_WITNESS] = str_empty(place->config.witness_name) ? 0 : 1 };

        for (size_t kind = 0; kind < SANDBOX_KINDS; kind++) {
                for (int64_t i = 1; i <= count[kind]; i++) {
                        struct child *child;

                        TRY(worker_child(cx, place, (enum sandbox_kind)kind, i, &child));
                        TRY(parent_add(cx, child));
                }
        }
        return RC_OK;
}

/* Until the whole way stands: nginx, a worker, the database. */
static rc way_wait(struct cx *cx, const struct place *place)
{
        msec end = clock_tick() + READY_MS;

        for (;;) {
                if (edge_ask(cx, place) == RC_OK)
                        return RC_OK;
                fail_clear(cx);
                if (clock_tick() >= end)
                        return fail(cx, RC_UNAVAILABLE, NULL, "the house does not answer through nginx; see %s",
                                    place_path(cx, place->dir, "log/nginx.log"));
                TRY(parent_wait(cx, NULL, 20));
        }
}

static rc start(struct cx *cx, struct up *up)
{
        struct place *place = up->place;
        struct child *postmaster;
        bool fresh;

        TRY(parent_start(cx, place_path(cx, place->dir, "log/house.log")));
        if (str_empty(place->config.certificate))
                TRY(authority_ensure(cx, place->dir, place->config.host, &fresh));
        TRY(authority_clients_ensure(cx, place->dir));
        TRY(watch_recipients(cx, place->config.alarm_recipients, &(struct watch){ .recipient_count = 0 }));
        TRY(edge_write(cx, place, command_house->routes));
        TRY(place_factor_key(cx, place->dir));
        TRY(cluster_settle(cx, place));
        TRY(cluster_create(cx, place));
        postmaster = cluster_child(cx, place);
        TRY(parent_add(cx, postmaster));
        TRY(cluster_prepare(cx, place, postmaster));
        TRY(keyring_ensure(cx, place_path(cx, place->dir, "secret/log")));
        TRY(place_seal_key(cx, place->dir, "provider.key"));
        TRY(workers_start(cx, place));
        TRY(parent_ready(cx, READY_MS));
        up->edge = edge_child(cx, place, up->listen_fd);
        TRY(parent_add(cx, up->edge));
        TRY(way_wait(cx, place));
        return file_write(cx, place_path(cx, place->dir, "run/port"), str_format(cx->mem, "%lld\n", (long long)up->port), 0600);
}

/* systemd's sd_notify in its plainest form. */
static void supervisor_tell(const char *state)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        size_t n = path ? strlen(path) : 0;
        int fd;

        if (n == 0 || n >= sizeof(at.sun_path))
                return;
        memcpy(at.sun_path, path, n);
        if (path[0] == '@')
                at.sun_path[0] = '\0';
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
        (void)close(fd);
}

/* Certificates end; a house may run longer. nginx reads the new one without losing a connection. */
static void certificate_renew(struct cx *cx, const struct up *up)
{
        const struct place *place = up->place;
        bool fresh = false;

        if (!str_empty(place->config.certificate))
                return;
        if (authority_ensure(cx, place->dir, place->config.host, &fresh) != RC_OK) {
                parent_say("the certificate could not be renewed");
                fail_clear(cx);
        } else if (fresh && up->edge->pid > 0) {
                parent_say("the certificate was renewed");
                (void)kill(up->edge->pid, SIGHUP);
        }
}

/* A client certificate that was revoked: the database refuses it already, nginx does within a minute. */
static void revoked_tell(struct cx *cx, const struct up *up)
{
        bool fresh = false;

        if (authority_clients_revoke(cx, up->place->dir, &fresh) != RC_OK) {
                parent_say("the list of revoked certificates could not be written");
                fail_clear(cx);
        } else if (fresh && up->edge->pid > 0) {
                (void)kill(up->edge->pid, SIGHUP);
        }
}

/* Erasures are proven by a process of their own, which reads every file: the watch process says when there is one to prove (its file is not empty). One that
 * could not be is tried again after a while. */
struct prover {
        struct child *child;
        time_t seen; /* the file, as it was then */
        msec tried;
};

static void erasures_prove(struct cx *cx, const struct up *up, struct prover *p)
{
        struct stat st;
        rc result;

        if (stat(place_path(cx, up->place->dir, "run/watch/unproven"), &st) != 0 || st.st_size == 0)
                return;
        if (p->child->pid != 0 || (p->tried != 0 && st.st_mtime == p->seen && clock_tick() - p->tried < PROVE_MS))
                return;
        result = p->tried == 0 ? parent_add(cx, p->child) : parent_again(cx, p->child);
        if (result != RC_OK) {
                parent_say("erasures could not be proven");
                fail_clear(cx);
                return;
        }
        p->seen = st.st_mtime;
        p->tried = clock_tick();
}

static rc watch(struct cx *cx, const struct up *up)
{
        struct prover prover = { .child = cmd_erasure_child(cx, up->place) };
        msec renewed = clock_tick();

        cluster_trim(cx, up->place);
        for (;;) {
                struct arena_mark mark = arena_mark(cx->mem);

                TRY(parent_wait(cx, NULL, ROUND_MS));
                revoked_tell(cx, up);
                erasures_prove(cx, up, &prover);
                if (clock_tick() - renewed >= RENEW_MS) {
                        renewed = clock_tick();
                        certificate_renew(cx, up);
                        cluster_trim(cx, up->place);
                }
                arena_rewind(cx->mem, mark);
        }
}

/* Sample data, once; the parent looks after the house meanwhile. */
static rc demo_make(struct cx *cx, const struct up *up)
{
        struct child *child = demo_child(cx, up->place);

        if (child == NULL)
                return RC_OK;
        parent_say("making sample data: 10 000 invented customers and what they bought");
        TRY(parent_add(cx, child));
        while (child->pid != 0)
                TRY(parent_wait(cx, NULL, 50));
        if (child->status != 0)
                return parent_ended(cx, child);
        return RC_OK;
}

static rc tell_ready(struct cx *cx, const struct up *up)
{
        str words = S("");

        if (up->demo)
                TRY(demo_words(cx, up->place, &words));
        (void)printf("ready https://%.*s:%lld/\n%.*s", STR_ARG(up->place->config.host), (long long)up->port, STR_ARG(words));
        (void)fflush(stdout);
        supervisor_tell("READY=1");
        return RC_OK;
}

static rc up_run(struct cx *cx, struct args *args)
{
        struct up up = { .lock = -1, .listen_fd = -1 };
        rc result;

        TRY(prepare(cx, args, &up));
        result = start(cx, &up);
        if (result == RC_OK && up.demo)
                result = demo_make(cx, &up);
        if (result == RC_OK)
                result = tell_ready(cx, &up);
        if (result == RC_OK)
                result = watch(cx, &up);
        supervisor_tell("STOPPING=1");
        parent_stop(cx);
        (void)unlink(place_path(cx, up.place->dir, "run/port"));
        if (result != RC_CANCELLED)
                return result;
        fail_clear(cx);
        return RC_OK;
}

static rc down_run(struct cx *cx, struct args *args)
{
        str dir = command_dir(cx);
        msec end = clock_tick() + DOWN_MS;
        struct place place;
        int lock;
        int64_t pid;

        TRY(args_end(cx, args));
        TRY(place_open(cx, dir, &place));
        TRY(lock_take(cx, dir, &lock));
        if (lock >= 0) {
                (void)puts(fail_translate(cx->lang, "Daicho does not run here"));
                return RC_OK;
        }
        pid = lock_holder(cx, dir);
        if (pid <= 1 || kill((pid_t)pid, SIGTERM) != 0)
                return fail(cx, RC_FORBIDDEN, NULL, "process %lld cannot be asked to stop by this user", (long long)pid);
        while (clock_tick() < end) {
                TRY(lock_take(cx, dir, &lock));
                if (lock >= 0) {
                        (void)puts(fail_translate(cx->lang, "stopped"));
                        return RC_OK;
                }
                (void)usleep(20000);
        }
        return fail(cx, RC_UNAVAILABLE, NULL, "process %lld has not stopped yet", (long long)pid);
}

/* clang-format off */
const struct command up_commands[] = {
        { "up", "[--dir DIR] [--port N] [--demo]", "start everything in this directory; makes it at the first start", up_run },
        { "down", "[--dir DIR]", "stop what runs in this directory", down_run },
        { .name = NULL },
};
/* clang-format on */
