/* flow.c - see flow.h. */
#include "base/house.h"

#include "cli/flow.h"

#include "base/fail.h"
#include "cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 64 << 10, VARIABLES_MAX = 16, STATUS_NO_PROGRAM = 127 };

/* A program at work. */
struct task {
        const char *name;
        pid_t pid;
        int said; /* its stderr: a file without a name */
};

struct flow {
        struct cx *cx;
        struct task task;
        int in; /* our end of its standard input */
};

static void become(const char *const *argv, const char *const *variables, int in, int out, int said)
{
        const char *environment[VARIABLES_MAX + 3] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8" };
        sigset_t none;

        for (size_t i = 0; variables != NULL && variables[i] != NULL && i < VARIABLES_MAX; i++)
                environment[2 + i] = variables[i];
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(said, 2) < 0)
                _exit(STATUS_NO_PROGRAM);
        (void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
        _exit(STATUS_NO_PROGRAM);
}

static rc start(struct cx *cx, const char *const *argv, const char *const *variables, const char *package, int in, int out, struct task *ret)
{
        struct task task = { .name = argv[0] };

        TRY(spawn_check(cx, argv[0], package));
        (void)fflush(NULL);
        task.said = memfd_create("said", MFD_CLOEXEC);
        task.pid = task.said < 0 ? -1 : fork();
        if (task.pid == 0)
                become(argv, variables, in, out, task.said);
        if (task.pid < 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", argv[0], strerror(errno));
        *ret = task;
        return RC_OK;
}

/* Its status, and what it said. */
static int end(struct cx *cx, const struct task *task, str *ret_said)
{
        char *text = arena_alloc(cx->mem, SAID_MAX);
        int status = 0;
        ssize_t n;

        while (waitpid(task->pid, &status, 0) < 0 && errno == EINTR)
                ;
        n = pread(task->said, text, SAID_MAX, 0);
        (void)close(task->said);
        *ret_said = (str){ text, n > 0 ? (size_t)n : 0 };
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static rc refuse(struct cx *cx, const struct task *task, int status, str said)
{
        if (strcasestr(str_z(cx->mem, said), "no space left on device") != NULL || strcasestr(str_z(cx->mem, said), "disk quota exceeded") != NULL ||
            status == 128 + SIGXFSZ || strcasestr(str_z(cx->mem, said), "file too large") != NULL)
                return fail(cx, RC_DISK_FULL, NULL, "the disk is full: %s could not finish", task->name);
        return fail(cx, RC_UNAVAILABLE, NULL, "%s ended with status %d: %.*s", task->name, status, STR_ARG(spawn_last_line(said)));
}

rc flow_open(struct cx *cx, const char *const *argv, const char *const *variables, const char *package, int out, struct flow **ret)
{
        struct flow *flow = NEW(cx->mem, struct flow);
        int ends[2], nowhere = -1;
        rc result;

        (void)signal(SIGPIPE, SIG_IGN);
        if (pipe2(ends, O_CLOEXEC) != 0 || (out < 0 && (nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0))
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", argv[0], strerror(errno));
        flow->cx = cx;
        flow->in = ends[1];
        result = start(cx, argv, variables, package, ends[0], out < 0 ? nowhere : out, &flow->task);
        (void)close(ends[0]);
        if (nowhere >= 0)
                (void)close(nowhere);
        if (result != RC_OK)
                (void)close(ends[1]);
        *ret = flow;
        return result;
}

static bool write_all(int fd, str text)
{
        while (text.n > 0) {
                ssize_t n = write(fd, text.p, text.n);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                text.p += n;
                text.n -= (size_t)n;
        }
        return true;
}

rc flow_text(struct flow *flow, str text)
{
        return write_all(flow->in, text) ? RC_OK : fail(flow->cx, RC_UNAVAILABLE, NULL, "%s ended too early", flow->task.name);
}

/* What a program reads: a file without a name, so that it can be written before anybody reads. */
static int input_of(str text)
{
        int fd = str_empty(text) ? open("/dev/null", O_RDONLY | O_CLOEXEC) : memfd_create("input", MFD_CLOEXEC);

        if (fd < 0 || str_empty(text))
                return fd;
        if (write_all(fd, text) && lseek(fd, 0, SEEK_SET) == 0)
                return fd;
        (void)close(fd);
        return -1;
}

static rc run(struct cx *cx, const char *const *argv, const char *const *variables, const char *package, str input, int out, int *ret_status)
{
        int in = input_of(input), status;
        struct task task;
        str said;
        rc result;

        if (in < 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", argv[0], strerror(errno));
        result = start(cx, argv, variables, package, in, out, &task);
        (void)close(in);
        TRY(result);
        status = end(cx, &task, &said);
        if (ret_status != NULL)
                *ret_status = status;
        return status == 0 || ret_status != NULL ? RC_OK : refuse(cx, &task, status, said);
}

rc flow_from(struct flow *flow, const char *const *argv, const char *const *variables, const char *package, str input, int *ret_status)
{
        return run(flow->cx, argv, variables, package, input, flow->in, ret_status);
}

rc flow_close(struct flow *flow, rc so_far)
{
        struct failure told = flow->cx->failure;
        str said;
        int status;

        (void)close(flow->in);
        status = end(flow->cx, &flow->task, &said);
        if (status == 0)
                return so_far;
        if (so_far == RC_OK)
                return refuse(flow->cx, &flow->task, status, said);
        fail_clear(flow->cx); /* the feeding broke off because nobody read any more, or both failed: the reader knows better */
        (void)refuse(flow->cx, &flow->task, status, said);
        if (flow->cx->failure.code != RC_DISK_FULL && told.count > 0 && strstr(told.problem[0].text.p, "141") == NULL)
                flow->cx->failure = told;
        return flow->cx->failure.code;
}

rc flow_alone(struct cx *cx, const char *const *argv, const char *package)
{
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        rc result;

        if (nowhere < 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", argv[0], strerror(errno));
        result = run(cx, argv, NULL, package, S(""), nowhere, NULL);
        (void)close(nowhere);
        return result;
}
