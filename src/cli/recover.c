/* recover.c - see recover.h. */
#include "base/house.h"

#include "cli/recover.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/cluster.h"
#include "cli/depot.h"
#include "cli/flow.h"
#include "cli/operator.h"
#include "cli/parent.h"
#include "cli/servant.h"
#include "cli/snapshot.h"
#include "cli/spawn.h"
#include "log/log.h"
#include "log/sealer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_DAYS = 1 };

struct recovery {
        const struct recover *what;
        struct place *place;
        const char *const *variables;
        json_t *manifest, *lost;
        int64_t contracts;
        bool begun, running;
};

static const char age[] = "/usr/bin/age";

static const char *backup_file(struct cx *cx, const struct recovery *r, str name)
{
        return str_format(cx->mem, "%s/%.*s", r->what->backup, STR_ARG(name)).p;
}

static const char *key_of(struct cx *cx, str dir, str owner)
{
        return place_path(cx, dir, DEPOT_KEYS "/%.*s.key", STR_ARG(owner));
}

/* Out of a stream of tar files into a directory of the house. */
static rc unpack(struct cx *cx, const char *directory, const char *const *from, const char *package)
{
        const char *const tar[] = { "/bin/tar",    "--extract", "--file=-", "--ignore-zeros", "--no-same-owner", "--no-overwrite-dir",
                                    "--directory", directory,   NULL };
        struct flow *flow;

        TRY(flow_open(cx, tar, NULL, "tar", -1, &flow));
        return flow_close(flow, flow_from(flow, from, NULL, package, S(""), NULL));
}

static rc secrets_bring(struct cx *cx, const struct recovery *r, str dir)
{
        const char *keys = str_format(cx->mem, "%s/../keys.age", r->what->backup).p;
        const char *const decrypt[] = { age, "-d", "-i", r->what->identity, keys, NULL };
        const char *const pack[] = { "/bin/tar",       "--create", "--file=-", "--exclude=./postgres", "--exclude=./daicho_*", "--directory",
                                     r->what->secrets, ".",        NULL };
        const char *to = place_path(cx, dir, "secret");

        return r->what->identity != NULL ? unpack(cx, to, decrypt, "age") : unpack(cx, to, pack, "tar");
}

static rc manifest_check(struct cx *cx, struct recovery *r, str dir)
{
        struct depot_backup backup;
        struct timespec now;

        TRY(depot_manifest_read(cx, dir, r->what->backup, true, &r->manifest));
        (void)clock_gettime(CLOCK_REALTIME, &now);
        if (!depot_name_read(json_get_text(r->manifest, "name"), &backup.taken_at))
                return fail(cx, RC_CONFLICT, NULL, "the manifest of %s cannot be read", r->what->backup);
        if (depot_over(&backup, (msec)now.tv_sec * 1000 - GRACE_DAYS * CLOCK_DAY))
                return fail(cx, RC_CONFLICT, NULL,
                            "this backup is older than seven days: what was erased since then would come back; it is to be removed");
        return RC_OK;
}

/* Every file is what was signed, before anything is done with one. */
static rc files_check(struct cx *cx, const struct recovery *r)
{
        json_t *file;
        size_t i;

        json_array_foreach(json_object_get(r->manifest, "files"), i, file) {
                struct arena_mark mark = arena_mark(cx->mem);
                str name = json_get_text(file, "name"), owner = json_get_text(file, "owner"), sha256;
                int64_t size;

                if (!file_name_safe(name) || !file_name_safe(owner))
                        return fail(cx, RC_CONFLICT, NULL, "the manifest of %s cannot be read", r->what->backup);
                TRY(depot_measure(cx, backup_file(cx, r, name), &size, &sha256));
                if (!str_equal(sha256, json_get_text(file, "sha256")))
                        return fail(cx, RC_CONFLICT, NULL, "%s is damaged", backup_file(cx, r, name));
                arena_rewind(cx->mem, mark);
        }
        return RC_OK;
}

static rc file_unpack(struct cx *cx, const struct recovery *r, str dir, str name, str owner)
{
        const char *const decrypt[] = { age, "-d", "-i", key_of(cx, dir, owner), backup_file(cx, r, name), NULL };

        return unpack(cx, str_z(cx->mem, dir), decrypt, "age");
}

static rc feed(struct cx *cx, const struct recovery *r, struct flow *flow, str name, str owner)
{
        const char *const decrypt[] = { age, "-d", "-i", key_of(cx, r->place->dir, owner), backup_file(cx, r, name), NULL };

        if (!str_is(owner, DEPOT_HOUSE))
                TRY(flow_text(flow, str_format(cx->mem, "select daicho_admin.tenant_roles_create('%.*s');\n", STR_ARG(owner))));
        return flow_from(flow, decrypt, NULL, "age", S(""), NULL);
}

static rc psql_open(struct cx *cx, const struct recovery *r, struct flow **ret)
{
        const char *const psql[] = { str_format(cx->mem, "%.*s/psql", STR_ARG(r->place->config.postgres_directory)).p,
                                     "--no-psqlrc",
                                     "--quiet",
                                     "--no-password",
                                     "--set=ON_ERROR_STOP=1",
                                     NULL };

        return flow_open(cx, psql, r->variables, "postgresql-client-15", -1, ret);
}

static rc owner_restore(struct cx *cx, struct recovery *r, str name, str owner, str kind)
{
        struct flow *flow;

        if (str_is(kind, "files"))
                return file_unpack(cx, r, r->place->dir, name, owner);
        if (!str_is(kind, "rows"))
                return fail(cx, RC_CONFLICT, NULL, "the manifest of %s cannot be read", r->what->backup);
        TRY(psql_open(cx, r, &flow));
        return flow_close(flow, feed(cx, r, flow, name, owner));
}

/* The house's own rows first, then each contract whose key is there. */
static rc owners_restore(struct cx *cx, struct recovery *r)
{
        json_t *file;
        size_t i;

        json_array_foreach(json_object_get(r->manifest, "files"), i, file) {
                struct arena_mark mark = arena_mark(cx->mem);
                str owner = json_get_text(file, "owner"), kind = json_get_text(file, "kind"), recipient;
                bool rows = str_is(kind, "rows"), house = str_is(owner, DEPOT_HOUSE);

                if (house && !rows)
                        continue; /* unpacked before */
                TRY(depot_key_read(cx, r->place->dir, owner, &recipient));
                if (str_absent(recipient) || !str_equal(recipient, json_get_text(file, "recipient"))) {
                        if (house)
                                return fail(cx, RC_CONFLICT, NULL, "the key of the house itself is not among these secrets");
                        arena_rewind(cx->mem, mark);
                        if (rows)
                                must(json_array_append_new(r->lost, json_str(json_get_text(file, "owner"))) == 0);
                        continue;
                }
                TRY(owner_restore(cx, r, json_get_text(file, "name"), owner, kind));
                arena_rewind(cx->mem, mark);
                r->contracts += rows && !house;
        }
        return RC_OK;
}

static rc settle(struct cx *cx, const struct recovery *r)
{
        struct flow *flow;

        TRY(psql_open(cx, r, &flow));
        return flow_close(flow,
                          flow_text(flow, S("begin;\nset session_replication_role = replica;\nselect daicho.backup_settle();\ncommit;\nanalyze;\n")));
}

/* Numbers of transactions go on above those in the backup: the sealed logs count by them. */
static rc epoch_set(struct cx *cx, const struct recovery *r)
{
        const char *bin = str_z(cx->mem, r->place->config.postgres_directory);
        int64_t transaction;
        str said;

        if (!str_int(json_get_text(r->manifest, "transaction"), &transaction) || transaction < 0)
                return fail(cx, RC_CONFLICT, NULL, "the manifest of %s cannot be read", r->what->backup);
        {
                const char *const argv[] = { str_format(cx->mem, "%s/pg_resetwal", bin).p,
                                             str_format(cx->mem, "--epoch=%lld", (long long)(transaction >> 32) + 1).p, "--pgdata",
                                             place_path(cx, r->place->dir, "pg"), NULL };

                return spawn_run(cx, argv, "postgresql-15", &said);
        }
}

static rc note_work(struct cx *cx, void *data)
{
        const struct recovery *r = data;

        log_subject(cx, S("backup"), 0);
        log_detail(cx, "backup", json_copy(json_object_get(r->manifest, "name")));
        log_detail(cx, "incident", json_str(r->what->incident));
        log_detail(cx, "reason", json_str(r->what->reason));
        log_detail(cx, "contracts", json_integer(r->contracts));
        log_detail(cx, "lost", json_copy(r->lost));
        return RC_OK;
}

static rc database_restore(struct cx *cx, struct recovery *r)
{
        struct child *postmaster;

        TRY(cluster_create(cx, r->place));
        TRY(epoch_set(cx, r));
        TRY(parent_start(cx, place_path(cx, r->place->dir, "log/house.log")));
        r->running = true;
        postmaster = cluster_child(cx, r->place);
        TRY(parent_add(cx, postmaster));
        TRY(cluster_prepare(cx, r->place, postmaster));
        TRY(snapshot_variables(cx, r->place, &r->variables));
        TRY(owners_restore(cx, r));
        TRY(settle(cx, r));
        TRY(sealer_restart_order(cx, place_path(cx, r->place->dir, "sealer"),
                                 str_format(cx->mem, "restored from backup %.*s (incident %.*s)", STR_ARG(json_get_text(r->manifest, "name")),
                                            STR_ARG(r->what->incident))));
        return operator_do(cx, STR_NONE, LOG_RESTORE, note_work, r);
}

static rc lock(struct cx *cx, str dir)
{
        const char *path = place_path(cx, dir, "run/lock");
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); /* held until the end of this process */

        if (fd < 0)
                return file_failed(cx, path, errno);
        return flock(fd, LOCK_EX | LOCK_NB) == 0 ? RC_OK : fail(cx, RC_BUSY, NULL, "something else is at work in %.*s", STR_ARG(dir));
}

static rc restore(struct cx *cx, struct recovery *r)
{
        str dir = command_dir(cx);

        if (place_exists(cx, dir))
                return fail(cx, RC_CONFLICT, NULL, "there is a house in %.*s already; a backup is restored into an empty directory only",
                            STR_ARG(dir));
        TRY(place_create(cx, dir));
        r->begun = true;
        TRY(lock(cx, dir));
        TRY(secrets_bring(cx, r, dir));
        TRY(manifest_check(cx, r, dir));
        TRY(files_check(cx, r));
        TRY(file_unpack(cx, r, dir, S(DEPOT_HOUSE ".files.age"), S(DEPOT_HOUSE)));
        TRY(place_open(cx, dir, r->place));
        TRY(servant_become(cx, r->place));
        return database_restore(cx, r);
}

rc recover_run(struct cx *cx, const struct recover *what, json_t **ret)
{
        struct recovery r = { .what = what, .place = NEW(cx->mem, struct place), .lost = json_array() };
        msec begun = clock_tick();
        json_t *told = json_object();
        struct failure failure;
        rc result = restore(cx, &r);

        if (r.running)
                parent_stop(cx);
        if (result != RC_OK && r.begun) {
                const char *const clean[] = { "/bin/rm", "-rf", "--", str_z(cx->mem, command_dir(cx)), NULL };

                failure = cx->failure;
                fail_clear(cx);
                (void)!flow_alone(cx, clean, "coreutils");
                cx->failure = failure;
        }
        TRY(result);
        json_set(told, "name", json_copy(json_object_get(r.manifest, "name")));
        json_set(told, "taken_at", json_copy(json_object_get(r.manifest, "taken_at")));
        json_set(told, "contracts", json_integer(r.contracts));
        json_set(told, "lost", r.lost);
        *ret = json_set(told, "seconds", json_integer((clock_tick() - begun + 999) / 1000));
        return RC_OK;
}
