/* parent.c - see parent.h. */
#include "base/house.h"

#include "cli/parent.h"

#include "base/clock.h"
#include "base/fail.h"
#include "cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BACKOFF_FIRST = 100, BACKOFF_MAX = 10000, LONG_LIFE = 10000 };

static struct {
        struct child *child[PARENT_CHILDREN_MAX];
        size_t count;
        int signals;  /* signalfd */
        int ready[2]; /* pipe; the children write */
        int log;
        bool asked; /* to stop */
        int asked_times;
} parent = { .signals = -1, .log = -1 };

void parent_say(const char *format, ...)
{
        char line[1024];
        struct timespec now;
        size_t n;
        va_list args;

        va_start(args, format);
        (void)vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        n = strlen(line);
        (void)fprintf(stderr, "daicho: %s\n", line);
        if (parent.log >= 0) {
                (void)clock_gettime(CLOCK_REALTIME, &now);
                (void)dprintf(parent.log, "%lld.%03ld parent: %.*s\n", (long long)now.tv_sec, now.tv_nsec / 1000000, (int)n, line);
        }
}

/* Out of the way of the numbers the children expect. */
static int high(int fd)
{
        int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);

        if (moved >= 0)
                (void)close(fd);
        return moved;
}

rc parent_start(struct cx *cx, const char *log)
{
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigaddset(&set, SIGHUP);
        (void)sigaddset(&set, SIGCHLD);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        parent.signals = high(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
        parent.log = high(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (parent.signals < 0 || pipe2(parent.ready, O_CLOEXEC | O_NONBLOCK) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", "daicho up", strerror(errno));
        if (parent.log < 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be written: %s", log, strerror(errno));
        parent.ready[0] = high(parent.ready[0]);
        parent.ready[1] = high(parent.ready[1]);
        return RC_OK;
}

/* In the child: descriptors, signals, group, end. */
static void become(const struct child *child, pid_t mother)
{
        const char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", child->variable, NULL };
        int nothing = open("/dev/null", O_RDONLY);
        int log = open(child->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
        sigset_t none;

        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)setpgid(0, 0);
        if (child->nice != 0)
                (void)setpriority(PRIO_PROCESS, 0, child->nice);
        if (nothing < 0 || log < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
                _exit(126);
        if (child->listen_fd >= 0 && dup2(child->listen_fd, PARENT_LISTEN_FD) < 0)
                _exit(126);
        if (child->tells && dup2(parent.ready[1], PARENT_READY_FD) < 0)
                _exit(126);
        (void)close_range(child->tells ? PARENT_READY_FD + 1 : child->listen_fd >= 0 ? PARENT_LISTEN_FD + 1 : 3, ~0U, 0);
        if (prctl(PR_SET_PDEATHSIG, child->death_signal) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
                _exit(126);
        if (getppid() != mother)
                _exit(125);
        (void)execve(child->argv[0], (char *const *)(uintptr_t)child->argv, (char *const *)(uintptr_t)environment);
        (void)dprintf(2, "daicho: %s cannot be started: %s\n", child->argv[0], strerror(errno));
        _exit(127);
}

static bool launch(struct child *child)
{
        pid_t mother = getpid(), pid;

        if (child->stale != NULL)
                (void)unlink(child->stale);
        pid = fork();
        if (pid == 0)
                become(child, mother);
        child->pid = pid > 0 ? pid : 0;
        child->started = clock_tick();
        child->restart_at = 0;
        child->ready = !child->tells;
        return pid > 0;
}

rc parent_add(struct cx *cx, struct child *child)
{
        must(parent.count < PARENT_CHILDREN_MAX);
        if (child->listen_fd >= 0)
                child->listen_fd = high(child->listen_fd);
        if (!launch(child))
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", child->name, strerror(errno));
        parent.child[parent.count++] = child;
        return RC_OK;
}

rc parent_again(struct cx *cx, struct child *child)
{
        must(child->once);
        if (child->pid != 0 || launch(child))
                return RC_OK;
        return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", child->name, strerror(errno));
}

static struct child *child_of(pid_t pid)
{
        for (size_t i = 0; i < parent.count; i++)
                if (parent.child[i]->pid == pid)
                        return parent.child[i];
        return NULL;
}

/* The first restart is at once; who ends again soon waits longer each time. */
static void plan_restart(struct child *child, int status)
{
        msec lived = clock_tick() - child->started;
        msec wait = 0;

        child->crashes = lived > LONG_LIFE ? 0 : child->crashes + 1;
        if (child->crashes > 1) {
                wait = BACKOFF_FIRST;
                for (int i = 2; i < child->crashes && wait < BACKOFF_MAX; i++)
                        wait *= 2;
                if (wait > BACKOFF_MAX)
                        wait = BACKOFF_MAX;
        }
        parent_say("%s ended by %s %d after %lld.%03lld s; started again in %lld ms", child->name, WIFEXITED(status) ? "exit" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), (long long)(lived / 1000), (long long)(lived % 1000), (long long)wait);
        child->restart_at = clock_tick() + wait;
}

static void reap(bool restart)
{
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                struct child *child = child_of(pid);

                if (child == NULL)
                        continue;          /* a grandchild that came to us */
                (void)kill(-pid, SIGKILL); /* what it left in its group: nginx's workers outlive a killed master */
                child->pid = 0;
                child->status = status;
                if (restart && !child->once)
                        plan_restart(child, status);
        }
}

static void take_signals(void)
{
        struct signalfd_siginfo info;

        while (read(parent.signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
                if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT || info.ssi_signo == SIGHUP) {
                        parent.asked = true;
                        parent.asked_times++;
                }
        }
}

static void take_ready(void)
{
        uint32_t pid;

        while (read(parent.ready[0], &pid, sizeof(pid)) == (ssize_t)sizeof(pid)) {
                struct child *child = child_of((pid_t)pid);

                if (child != NULL)
                        child->ready = true;
        }
}

static void rest(int timeout_ms)
{
        struct pollfd fds[] = { { parent.signals, POLLIN, 0 }, { parent.ready[0], POLLIN, 0 } };

        (void)poll(fds, COUNT(fds), timeout_ms);
        take_signals();
        take_ready();
}

/* Starts what is due; returns milliseconds until the next is, at most `most`. */
static int restart_due(int most)
{
        msec now = clock_tick();

        for (size_t i = 0; i < parent.count; i++) {
                struct child *child = parent.child[i];

                if (child->pid != 0 || child->once)
                        continue;
                if (child->restart_at <= now) {
                        if (!launch(child))
                                child->restart_at = now + BACKOFF_MAX;
                } else if (child->restart_at - now < most) {
                        most = (int)(child->restart_at - now);
                }
        }
        return most;
}

/* Its last words are the reason. */
rc parent_ended(struct cx *cx, const struct child *child)
{
        char tail[2048];
        int fd = open(child->log, O_RDONLY | O_CLOEXEC);
        off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
        ssize_t n = fd >= 0 ? pread(fd, tail, sizeof(tail), size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0) : 0;
        str line = spawn_last_line((str){ tail, n > 0 ? (size_t)n : 0 });

        if (fd >= 0)
                (void)close(fd);
        if (str_starts(line, S("daicho: ")))
                line = (str){ line.p + 8, line.n - 8 };
        return fail(cx, RC_UNAVAILABLE, NULL, "%s ended before it was ready: %.*s (more in %s)", child->name, STR_ARG(line), child->log);
}

rc parent_ready(struct cx *cx, int timeout_ms)
{
        msec end = clock_tick() + timeout_ms;

        for (;;) {
                bool all = true;

                reap(false);
                for (size_t i = 0; i < parent.count; i++) {
                        if (parent.child[i]->pid == 0)
                                return parent_ended(cx, parent.child[i]);
                        all = all && parent.child[i]->ready;
                }
                if (parent.asked)
                        return RC_CANCELLED;
                if (all)
                        return RC_OK;
                if (clock_tick() >= end)
                        return fail(cx, RC_UNAVAILABLE, NULL, "the workers were not ready within %d seconds", timeout_ms / 1000);
                rest((int)(end - clock_tick()));
        }
}

rc parent_wait(struct cx *cx, const struct child *watched, int timeout_ms)
{
        msec end = clock_tick() + timeout_ms;

        for (;;) {
                msec left;

                reap(watched == NULL);
                if (parent.asked)
                        return RC_CANCELLED;
                if (watched != NULL && watched->pid == 0)
                        return parent_ended(cx, watched);
                left = end - clock_tick();
                if (left <= 0)
                        return RC_OK;
                rest(watched == NULL ? restart_due((int)left) : (int)left);
        }
}

static size_t alive(int stage)
{
        size_t count = 0;

        for (size_t i = 0; i < parent.count; i++)
                count += parent.child[i]->pid != 0 && parent.child[i]->stage == stage;
        return count;
}

/* harsh 0: politely. 1: at once (for postgres immediate shutdown, for nginx without waiting). 2: dead. */
static void signal_stage(int stage, int harsh)
{
        for (size_t i = 0; i < parent.count; i++) {
                const struct child *child = parent.child[i];
                int now = child->stop_signal == SIGQUIT ? SIGTERM : SIGQUIT;

                if (child->pid != 0 && child->stage == stage)
                        (void)kill(child->pid, harsh == 0 ? child->stop_signal : harsh == 1 ? now : SIGKILL);
        }
}

static void stop_stage(int stage)
{
        msec begun = clock_tick(), patience = 0;
        int asked = parent.asked_times, harsh = 0;

        for (size_t i = 0; i < parent.count; i++)
                if (parent.child[i]->stage == stage && parent.child[i]->patience_ms > patience)
                        patience = parent.child[i]->patience_ms;
        signal_stage(stage, 0);
        for (;;) {
                msec waited = clock_tick() - begun;

                reap(false);
                if (alive(stage) == 0)
                        return;
                if (harsh == 0 && (waited > patience || parent.asked_times > asked)) {
                        signal_stage(stage, 1);
                        harsh = 1;
                } else if (harsh == 1 && waited > patience + 5000) {
                        parent_say("stage %d did not end; killed", stage);
                        signal_stage(stage, 2);
                        harsh = 2;
                }
                rest(50);
        }
}

void parent_stop(struct cx *cx)
{
        int stage = 0;

        for (size_t i = 0; i < parent.count; i++)
                if (parent.child[i]->stage > stage)
                        stage = parent.child[i]->stage;
        for (; stage >= 0; stage--)
                stop_stage(stage);
        parent.count = 0;
}
