/* servant.c - see servant.h. */
#include "base/house.h"

#include "cli/servant.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/spawn.h"

#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uid_t new_owner;
static gid_t new_group;
static int owner_error;

static int give(const char *path, const struct stat *st, int kind, struct FTW *at)
{
        if ((st->st_uid != new_owner || st->st_gid != new_group) && lchown(path, new_owner, new_group) != 0)
                owner_error = errno;
        return owner_error != 0;
}

static rc tree_give(struct cx *cx, const char *path, const struct passwd *user)
{
        new_owner = user->pw_uid;
        new_group = user->pw_gid;
        owner_error = 0;
        (void)nftw(path, give, 16, FTW_PHYS | FTW_MOUNT);
        return owner_error ? file_failed(cx, path, owner_error) : RC_OK;
}

static rc user_ensure(struct cx *cx, str name, const struct passwd **ret)
{
        const char *z = str_z(cx->mem, name);
        const char *const argv[] = { "/usr/sbin/useradd",
                                     "--system",
                                     "--user-group",
                                     "--no-create-home",
                                     "--home-dir",
                                     "/nonexistent",
                                     "--shell",
                                     "/usr/sbin/nologin",
                                     z,
                                     NULL };
        str said;

        if (!file_name_safe(name) || str_is(name, "root"))
                return fail(cx, RC_INVALID, "user", "must be the name of a user other than root, not \"%s\"", z);
        *ret = getpwnam(z);
        if (*ret != NULL && (*ret)->pw_uid != 0)
                return RC_OK;
        if (*ret != NULL)
                return fail(cx, RC_INVALID, "user", "must be the name of a user other than root, not \"%s\"", z);
        TRY(spawn_run(cx, argv, "passwd", &said));
        *ret = getpwnam(z);
        return *ret ? RC_OK : fail(cx, RC_UNAVAILABLE, NULL, "the user %s cannot be made", z);
}

static bool become(const struct passwd *user)
{
        return initgroups(user->pw_name, user->pw_gid) == 0 && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
               setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0;
}

/* Asked of the kernel itself, by a child that has become the user. */
static bool reaches(const struct passwd *user, const char *path)
{
        int status = 1;
        pid_t pid = fork();

        if (pid == 0)
                _exit(become(user) && access(path, R_OK) == 0 ? 0 : 1);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static rc copy(struct cx *cx, str from, const char *part, const char *to)
{
        const char *source = place_path(cx, from, "%s", part);
        const char *const argv[] = { "/bin/cp", "-R", "-T", source, str_z(cx->mem, str_format(cx->mem, "%s/%s", to, part)), NULL };
        str said;

        if (access(source, F_OK) != 0)
                return RC_OK;
        return spawn_run(cx, argv, "coreutils", &said);
}

/* The program may stand in root's own folder: a copy of what the workers read goes into the house. */
static rc share_bring(struct cx *cx, struct place *place, const struct passwd *user)
{
        const char *mine = place_path(cx, place->dir, "share");
        const char *const clean[] = { "/bin/rm", "-rf", "--", mine, NULL };
        str share, statics, said;

        TRY(place_share(cx, &share, &statics));
        TRY(spawn_run(cx, clean, "coreutils", &said));
        place->share = share;
        place->statics = statics;
        if (reaches(user, place_path(cx, share, "schema/bootstrap.sql")))
                return RC_OK;
        TRY(file_directory(cx, mine, 0700));
        TRY(copy(cx, share, "pages", mine));
        TRY(copy(cx, share, "schema", mine));
        TRY(copy(cx, share, "registers", mine));
        if (statics.n > 7) /* the generator of sample data stands beside the program */
                TRY(copy(cx, (str){ statics.p, statics.n - 7 }, "gen_customers", mine));
        if (statics.n > 7)
                TRY(copy(cx, (str){ statics.p, statics.n - 7 }, "static", mine));
        TRY(tree_give(cx, mine, user));
        place->share = str_of(mine);
        place->statics = str_format(cx->mem, "%s/static", mine);
        return RC_OK;
}

rc servant_become(struct cx *cx, struct place *place)
{
        const char *dir = str_z(cx->mem, place->dir);
        const struct passwd *user;

        if (geteuid() != 0)
                return RC_OK;
        TRY(user_ensure(cx, place->config.user, &user));
        TRY(tree_give(cx, dir, user));
        if (!reaches(user, place_path(cx, place->dir, "VERSION")))
                return fail(cx, RC_FORBIDDEN, NULL, "the user %s cannot reach %s; choose another directory with --dir, for example %s", user->pw_name,
                            dir, "/var/lib/daicho");
        TRY(share_bring(cx, place, user));
        if (!become(user))
                return fail(cx, RC_UNAVAILABLE, NULL, "this program cannot become the user %s: %s", user->pw_name, strerror(errno));
        return RC_OK;
}
