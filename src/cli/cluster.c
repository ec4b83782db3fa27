/* cluster.c - see cluster.h. */
#include "base/house.h"

#include "cli/cluster.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/spawn.h"
#include "cli/trail.h"
#include "db/db.h"
#include "db/migrate.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

enum {
        SPACE_FIRST_MB = 200,
        SPACE_MB = 64,
        START_TIMEOUT_MS = 60000,
        SETTLE_MS = 20000,
        STATEMENT_MAX = 4096,
        START_RANDOM = 24,
        KEPT_NAMES = 5 * (sizeof("daicho-start-") + START_RANDOM)
};

static const char *const roles[] = { "daicho_owner", "daicho_web",    "daicho_auth",    "daicho_jobs",   "daicho_cli",
                                     "daicho_sso",   "daicho_mailer", "daicho_courier", "daicho_sealer", "daicho_watch" };

static rc space_check(struct cx *cx, const struct place *place, int64_t need_mb)
{
        struct statvfs fs;
        int64_t free_mb;

        if (statvfs(str_z(cx->mem, place->dir), &fs) != 0)
                return file_failed(cx, str_z(cx->mem, place->dir), errno);
        free_mb = (int64_t)(fs.f_bavail * (fs.f_frsize >> 10) >> 10);
        if (free_mb >= need_mb)
                return RC_OK;
        return fail(cx, RC_DISK_FULL, NULL, "there are only %lld MiB free on the disk of %.*s; at least %lld are needed", (long long)free_mb,
                    STR_ARG(place->dir), (long long)need_mb);
}

/* Memory this machine, or the control group we are in, may use. */
static int64_t memory_mb(struct cx *cx)
{
        static const char *const limits[] = { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
        struct sysinfo info;
        int64_t mb;

        must(sysinfo(&info) == 0);
        mb = (int64_t)((uint64_t)info.totalram * info.mem_unit >> 20);
        for (size_t i = 0; i < COUNT(limits); i++) {
                char text[64] = "";
                int64_t bytes;
                FILE *f = fopen(limits[i], "re");
                size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

                if (f != NULL)
                        (void)fclose(f);
                if (str_int(str_trim((str){ text, n }), &bytes) && bytes >> 20 < mb)
                        mb = bytes >> 20;
        }
        return mb;
}

static rc settings_write(struct cx *cx, const struct place *place)
{
        const struct config *config = &place->config;
        int64_t memory = memory_mb(cx), buffers = config->database_memory;
        int64_t connections = config->web_workers + config->auth_workers + config->sso_workers + 2 * config->job_workers + 40;
        struct buf out = buf_open(cx->mem, KB(16));

        if (buffers == 0)
                buffers = memory / 4 < 128 ? 128 : memory / 4 > 8192 ? 8192 : memory / 4;
        buf_text(&out, "# Written at every start; your own settings belong in ../postgresql.conf.\n"
                       "listen_addresses = ''\n"
                       "unix_socket_permissions = 0700\n"
                       "password_encryption = scram-sha-256\n");
        buf_format(&out, "unix_socket_directories = '%.*s/run'\n", STR_ARG(place->dir));
        buf_format(&out, "max_connections = %" PRId64 "\n", connections);
        buf_format(&out, "shared_buffers = %lldMB\n", (long long)buffers);
        buf_format(&out, "effective_cache_size = %lldMB\n", (long long)(memory / 2 > buffers ? memory / 2 : buffers));
        buf_format(&out, "maintenance_work_mem = %lldMB\n", (long long)(memory / 16 > 1024 ? 1024 : memory / 16 < 32 ? 32 : memory / 16));
        /* a dump locks every table of every contract in one transaction: about a dozen each */
        buf_text(&out, "max_locks_per_transaction = 512\n"
                       "work_mem = 16MB\n"
                       "wal_compression = lz4\n"
                       "max_wal_size = 4GB\n"
                       "min_wal_size = 128MB\n"
                       "checkpoint_timeout = 15min\n"
                       "jit = off\n"
                       "random_page_cost = 1.1\n"
                       "update_process_title = off\n"
                       "idle_in_transaction_session_timeout = 10min\n"
                       "timezone = 'Asia/Tokyo'\n"
                       "lc_messages = 'C'\n"
                       /* the server's log never holds values of records or passwords */
                       "log_timezone = 'Asia/Tokyo'\n"
                       "log_line_prefix = '%m [%p] %q%u '\n"
                       "log_error_verbosity = terse\n"
                       "log_statement = none\n"
                       "log_min_error_statement = panic\n"
                       "log_parameter_max_length = 0\n"
                       "log_parameter_max_length_on_error = 0\n"
                       "log_checkpoints = off\n");
        /* what was erased goes with its files: none of the journal's is used again with old bytes behind its end; and what TOAST compresses with lz4 still holds
         * a short value in one piece, so that a scan of the bytes finds it */
        buf_text(&out, "wal_recycle = off\n"
                       "wal_init_zero = on\n"
                       "default_toast_compression = lz4\n");
        TRY(trail_settings(cx, place, &out));
        buf_format(&out, "include_if_exists = '%.*s/postgresql.conf'\n", STR_ARG(place->dir));
        must(!buf_full(&out));
        TRY(file_write(cx, place_path(cx, place->dir, "pg/postgresql.conf"), buf_str(&out), 0600));
        return file_write(cx, place_path(cx, place->dir, "pg/pg_hba.conf"),
                          S("# Written at every start. Unix socket only, a password for everybody.\n"
                            "local all all scram-sha-256\n"),
                          0600);
}

static rc secret_ensure(struct cx *cx, const struct place *place, const char *role, bool *ret_fresh)
{
        const char *path = place_path(cx, place->dir, "secret/%s", role);

        *ret_fresh = access(path, F_OK) != 0;
        return *ret_fresh ? file_write(cx, path, place_random(cx, 40), 0600) : RC_OK;
}

rc cluster_create(struct cx *cx, const struct place *place)
{
        const char *bin = str_z(cx->mem, place->config.postgres_directory);
        const char *data = place_path(cx, place->dir, "pg"), *half = place_path(cx, place->dir, "pg.new");
        const char *argv[] = { str_z(cx->mem, str_format(cx->mem, "%s/initdb", bin)),
                               "-D",
                               half,
                               "-U",
                               "postgres",
                               "-A",
                               "scram-sha-256",
                               str_z(cx->mem, str_format(cx->mem, "--pwfile=%.*s/secret/postgres", STR_ARG(place->dir))),
                               "-E",
                               "UTF8",
                               "--locale=C.UTF-8",
                               "--data-checksums",
                               NULL };
        const char *const clean[] = { "/bin/rm", "-rf", "--", half, NULL };
        const char *version = place_path(cx, place->dir, "pg/PG_VERSION");
        bool fresh;
        str text;

        TRY(spawn_check(cx, str_z(cx->mem, str_format(cx->mem, "%s/postgres", bin)), "postgresql-15"));
        TRY(spawn_check(cx, argv[0], "postgresql-15"));
        if (access(version, F_OK) == 0) {
                TRY(space_check(cx, place, SPACE_MB));
                TRY(file_read(cx, version, 64, &text));
                if (!str_is(str_trim(text), "15"))
                        return fail(cx, RC_CONFLICT, NULL, "the data in %s is of PostgreSQL %.*s; this program needs 15", data,
                                    STR_ARG(str_trim(text)));
                return settings_write(cx, place);
        }
        TRY(space_check(cx, place, SPACE_FIRST_MB));
        TRY(spawn_run(cx, clean, "coreutils", &text));
        TRY(secret_ensure(cx, place, "postgres", &fresh));
        TRY(spawn_run(cx, argv, "postgresql-15", &text));
        if (rename(half, data) != 0)
                return file_failed(cx, data, errno);
        return settings_write(cx, place);
}

struct child *cluster_child(struct cx *cx, const struct place *place)
{
        struct child *child = NEW(cx->mem, struct child);
        const char **argv = NEW_ARRAY(cx->mem, const char *, 4);

        argv[0] = str_z(cx->mem, str_format(cx->mem, "%.*s/postgres", STR_ARG(place->config.postgres_directory)));
        argv[1] = "-D";
        argv[2] = place_path(cx, place->dir, "pg");
        *child = (struct child){ .name = "postgres",
                                 .argv = argv,
                                 .log = place_path(cx, place->dir, "log/postgres.log"),
                                 .listen_fd = -1,
                                 .stop_signal = SIGINT,
                                 .death_signal = SIGINT,
                                 .patience_ms = 30000,
                                 .stage = 0 };
        return child;
}

rc cluster_settle(struct cx *cx, const struct place *place)
{
        const char *path = place_path(cx, place->dir, "pg/postmaster.pid");
        msec end = clock_tick() + SETTLE_MS;

        while (access(path, F_OK) == 0) {
                int64_t pid;
                str text, line;

                if (file_read(cx, path, KB(4), &text) != RC_OK) {
                        fail_clear(cx);
                        continue;
                }
                line = str_cut(text, '\n', &text);
                if (!str_int(str_trim(line), &pid) || pid <= 1 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
                        return RC_OK; /* left by a machine that went down: postgres sees that itself */
                if (clock_tick() >= end)
                        return fail(cx, RC_CONFLICT, NULL, "PostgreSQL of an earlier start still runs in %.*s (process %lld)", STR_ARG(place->dir),
                                    (long long)pid);
                (void)usleep(20000);
        }
        return RC_OK;
}

static str start_name;

static rc connect_as(struct cx *cx, const struct place *place, const char *role, const char *database)
{
        str conninfo;

        if (cx->db != NULL)
                db_close(cx->db);
        cx->db = NULL;
        TRY(place_conninfo(cx, place->dir, role, database, &conninfo));
        if (strcmp(role, "postgres") == 0)
                conninfo = str_format(cx->mem, "%.*s application_name=%.*s", STR_ARG(conninfo), STR_ARG(start_name));
        return db_open(cx, str_z(cx->mem, conninfo), &cx->db);
}

/* The watch process tells people of everybody who comes as superuser. That it was the start itself it knows by a name nobody can guess. */
static rc start_name_make(struct cx *cx, const struct place *place)
{
        const char *path = place_path(cx, place->dir, "run/start");
        str before = S("");

        /* the last few: what a start of a moment ago left in the log may not have been read yet */
        if (access(path, F_OK) == 0)
                TRY(file_read(cx, path, KB(4), &before));
        if (before.n > KEPT_NAMES)
                before.n = KEPT_NAMES;
        start_name = str_format(cx->mem, "daicho-start-%.*s", STR_ARG(place_random(cx, START_RANDOM)));
        return file_write(cx, path, str_format(cx->mem, "%.*s\n%.*s", STR_ARG(start_name), STR_ARG(before)), 0600);
}

/* What the server said last, when it said it in its own log. */
static rc ended(struct cx *cx, const struct place *place, rc result)
{
        const char *directory = place_path(cx, place->dir, "log/postgres");
        struct failure told = cx->failure;
        str words;

        if (result == RC_CANCELLED)
                return result;
        fail_clear(cx);
        words = trail_last_words(cx, directory);
        if (!str_absent(words))
                return fail(cx, RC_UNAVAILABLE, NULL, "%s ended before it was ready: %.*s (more in %s)", "postgres", STR_ARG(words), directory);
        cx->failure = told;
        return result;
}

/* The postmaster takes a moment, and longer after a crash. */
static rc answer_wait(struct cx *cx, const struct place *place, const struct child *postmaster)
{
        msec end = clock_tick() + START_TIMEOUT_MS;

        for (;;) {
                rc result = parent_wait(cx, postmaster, 20);

                if (result != RC_OK)
                        return ended(cx, place, result);
                if (connect_as(cx, place, "postgres", "postgres") == RC_OK)
                        return RC_OK;
                if (clock_tick() >= end)
                        return fail(cx, RC_UNAVAILABLE, NULL, "PostgreSQL does not answer; see %s", postmaster->log);
                fail_clear(cx);
        }
}

static rc script_file(struct cx *cx, const struct place *place, const char *name)
{
        str text;

        TRY(file_read(cx, place_path(cx, place->share, "%s", name), MB(1), &text));
        return db_script(cx, text);
}

static rc passwords_set(struct cx *cx, const struct place *place)
{
        for (size_t i = 0; i < COUNT(roles); i++) {
                str password;
                bool fresh;

                TRY(secret_ensure(cx, place, roles[i], &fresh));
                if (!fresh)
                        continue;
                TRY(place_secret(cx, place->dir, roles[i], &password));
                TRY(db_script(cx, str_format(cx->mem, "alter role %s password '%.*s'", roles[i], STR_ARG(password))));
        }
        return RC_OK;
}

static rc database_ensure(struct cx *cx)
{
        struct rows *rows;

        TRY(db_run(cx, S("select 1 from pg_catalog.pg_database where datname = 'daicho'"), NULL, 0, &rows));
        if (rows_count(rows) > 0)
                return RC_OK;
        return db_run(cx, S("create database daicho template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'"), NULL, 0, NULL);
}

rc cluster_prepare(struct cx *cx, const struct place *place, const struct child *postmaster)
{
        TRY(start_name_make(cx, place));
        TRY(answer_wait(cx, place, postmaster));
        TRY(database_ensure(cx));
        TRY(connect_as(cx, place, "postgres", "daicho"));
        TRY(script_file(cx, place, "schema/bootstrap.sql"));
        TRY(passwords_set(cx, place));
        TRY(connect_as(cx, place, "daicho_owner", "daicho"));
        TRY(migrate_run(cx, place->share, NULL));
        db_close(cx->db);
        cx->db = NULL;
        return RC_OK;
}

void cluster_trim(struct cx *cx, const struct place *place)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        trail_trim(cx, place_path(cx, place->dir, "log/postgres"), (msec)now.tv_sec * 1000);
}
