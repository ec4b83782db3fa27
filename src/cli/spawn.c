/* spawn.c - see spawn.h. */
#include "base/house.h"

#include "cli/spawn.h"

#include "base/buf.h"
#include "base/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 << 10, SENTENCE_MAX = 300, STATUS_NO_PROGRAM = 127 };

rc spawn_check(struct cx *cx, const char *program, const char *package)
{
        if (access(program, X_OK) == 0)
                return RC_OK;
        return fail(cx, RC_UNAVAILABLE, NULL, "the program %s is missing; install the package %s", program, package);
}

str spawn_last_line(str text)
{
        str line = STR_NONE;

        while (text.p != NULL) {
                str one = str_trim(str_cut(text, '\n', &text));

                if (!str_empty(one))
                        line = one;
        }
        if (line.n > SENTENCE_MAX)
                line.n = SENTENCE_MAX;
        return line;
}

static void become(const char *const *argv, int output)
{
        sigset_t none;
        int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
                _exit(STATUS_NO_PROGRAM);
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(STATUS_NO_PROGRAM);
}

static str collect(struct cx *cx, int fd)
{
        struct buf out = buf_open(cx->mem, OUTPUT_MAX);
        char part[4096];
        ssize_t n;

        while ((n = read(fd, part, sizeof(part))) > 0 || (n < 0 && errno == EINTR))
                if (n > 0)
                        buf_add(&out, (str){ part, (size_t)n });
        return buf_str(&out);
}

rc spawn_run(struct cx *cx, const char *const *argv, const char *package, str *ret_output)
{
        int ends[2], status = 0;
        str output;
        pid_t pid;

        TRY(spawn_check(cx, argv[0], package));
        if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "%s cannot be started: %s", argv[0], strerror(errno));
        if (pid == 0)
                become(argv, ends[1]);
        (void)close(ends[1]);
        output = collect(cx, ends[0]);
        (void)close(ends[0]);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        *ret_output = output;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return RC_OK;
        if (memmem(output.p, output.n, "No space left on device", 23) != NULL)
                return fail(cx, RC_DISK_FULL, NULL, "the disk is full: %s could not finish", argv[0]);
        return fail(cx, RC_UNAVAILABLE, NULL, "%s ended with status %d: %.*s", argv[0],
                    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), STR_ARG(spawn_last_line(output)));
}
