/* archive.c - see archive.h. */
#include "base/house.h"

#include "cli/archive.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
        struct cx *cx;
        const char *path;
};

static void scratch_drop(void *p)
{
        const struct scratch *s = p;
        struct cx cx = { .mem = arena_open(MB(1)), .lang = s->cx->lang };
        const char *const argv[] = { "/bin/rm", "-rf", "--", s->path, NULL };
        str output;

        (void)!spawn_run(&cx, argv, "coreutils", &output);
        arena_close(cx.mem);
}

rc archive_scratch(struct cx *cx, const char *above, const char **ret)
{
        struct scratch *s = NEW(cx->mem, struct scratch);
        char *path = str_z(cx->mem, str_format(cx->mem, "%s/daicho-XXXXXX", above));

        if (mkdtemp(path) == NULL)
                return file_failed(cx, path, errno);
        *s = (struct scratch){ cx, path };
        arena_defer(cx->mem, scratch_drop, s);
        *ret = path;
        return RC_OK;
}

rc archive_pack(struct cx *cx, const char *directory, const char *path)
{
        const char *const argv[] = { "/bin/tar",     "--create",    "--file",    path,        "--force-local",
                                     "--format=pax", "--sort=name", "--owner=0", "--group=0", "--numeric-owner",
                                     "--directory",  directory,     ".",         NULL };
        str output;

        if (access(path, F_OK) == 0)
                return file_failed(cx, path, EEXIST);
        return spawn_run(cx, argv, "tar", &output);
}

rc archive_unpack(struct cx *cx, const char *path, const char **ret_directory)
{
        const char *above = getenv("TMPDIR"), *to = NULL;
        const char *argv[] = { "/bin/tar",    "--extract", "--file", path, "--force-local", "--no-same-owner", "--no-same-permissions",
                               "--directory", NULL,        NULL };
        str output;

        TRY(archive_scratch(cx, above != NULL && above[0] != '\0' ? above : "/tmp", &to));
        argv[COUNT(argv) - 2] = to;
        TRY(spawn_run(cx, argv, "tar", &output));
        *ret_directory = to;
        return RC_OK;
}
