/* snapshot.c - see snapshot.h. */
#include "base/house.h"

#include "cli/snapshot.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/flow.h"
#include "cli/operator.h"
#include "cli/snapshot.sql.h"
#include "db/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAR_TRIES = 6, TAR_CHANGED = 1, LIST_MAX = 8 << 20, START_MAX = 4096 };

struct making {
        struct cx *cx;
        const struct place *house;
        const char *const *variables;
        struct db *reader; /* holds the snapshot */
        struct snapshot_point *point;
        const char *half; /* where it is made */
        json_t *files;
        int64_t bytes;
};

/* One contract, or the house. */
struct owner {
        str name;   /* "_house" */
        str tenant; /* absent: the house */
        str schema; /* of pg_dump */
        str part;   /* of the sealed logs */
        str files;  /* below the file store, a line each */
        str recipient;
};

static rc start_name(struct cx *cx, const struct place *house, str *ret)
{
        str text;

        TRY(file_read(cx, place_path(cx, house->dir, "run/start"), START_MAX, &text));
        *ret = str_trim(str_cut(text, '\n', &text));
        return RC_OK;
}

rc snapshot_variables(struct cx *cx, const struct place *house, const char *const **ret)
{
        const char **v = NEW_ARRAY(cx->mem, const char *, 6);
        str password, name;

        TRY(place_secret(cx, house->dir, "postgres", &password));
        TRY(start_name(cx, house, &name));
        v[0] = str_format(cx->mem, "PGHOST=%.*s/run", STR_ARG(house->dir)).p;
        v[1] = "PGUSER=postgres";
        v[2] = "PGDATABASE=daicho";
        v[3] = str_format(cx->mem, "PGPASSWORD=%.*s", STR_ARG(password)).p;
        v[4] = str_format(cx->mem, "PGAPPNAME=%.*s", STR_ARG(name)).p;
        *ret = v;
        return RC_OK;
}

/* A connection of its own, whose transaction lasts as long as the backup does. */
static rc reader_open(struct making *m)
{
        struct cx *cx = m->cx;
        str conninfo, name;

        TRY(place_conninfo(cx, m->house->dir, "postgres", "daicho", &conninfo));
        TRY(start_name(cx, m->house, &name));
        conninfo = str_format(cx->mem,
                              "%.*s application_name=%.*s options='-c jit=off -c default_transaction_isolation=repeatable\\\\ read "
                              "-c idle_in_transaction_session_timeout=0'",
                              STR_ARG(conninfo), STR_ARG(name));
        return db_open(cx, str_z(cx->mem, conninfo), &m->reader);
}

/* Writing one file ---------------------------------------------------------------------------------------------------------------------------------------- */

static const char *tool(struct making *m, const char *name)
{
        return str_format(m->cx->mem, "%.*s/%s", STR_ARG(m->house->config.postgres_directory), name).p;
}

static rc rows_fill(struct making *m, const struct owner *o, struct flow *flow)
{
        struct cx *cx = m->cx;
        const char *dump[] = { tool(m, "pg_dump"),
                               "--no-password",
                               str_format(cx->mem, "--snapshot=%.*s", STR_ARG(m->point->id)).p,
                               str_format(cx->mem, "--schema=%.*s", STR_ARG(o->schema)).p,
                               str_absent(o->tenant) ? "--schema-only" : NULL,
                               NULL };
        const char *const psql[] = { tool(m, "psql"), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", NULL };
        struct db *desk = cx->db;
        str script;
        rc result;

        cx->db = m->reader;
        result = sql_snapshot_script(cx, o->tenant, m->point->id, &script);
        cx->db = desk;
        TRY(result);
        TRY(flow_text(flow, S("begin;\nset session_replication_role = replica;\n")));
        if (str_absent(o->tenant))
                TRY(flow_text(flow, S("drop schema if exists daicho cascade;\n")));
        TRY(flow_from(flow, dump, m->variables, "postgresql-client-15", S(""), NULL));
        TRY(flow_from(flow, psql, m->variables, "postgresql-client-15", script, NULL));
        return flow_text(flow, S("commit;\n")); /* a file that ends before this one restores nothing */
}

/* Twice or more: what came or changed while the first was written, and the partial tiles of a log that were replaced meanwhile. */
static rc files_fill(struct making *m, const struct owner *o, struct flow *flow)
{
        struct cx *cx = m->cx;
        const char *since = NULL;

        for (int i = 0; i < TAR_TRIES; i++) {
                const char *const tar[] = {
                        "/bin/tar",  "--create",  "--file=-",        "--no-unquote", "--verbatim-files-from",       "--warning=no-file-changed",
                        "--owner=0", "--group=0", "--numeric-owner", "--directory",  str_z(cx->mem, m->house->dir), "--files-from=-",
                        since,       NULL
                };
                struct timespec now;
                int status;

                (void)clock_gettime(CLOCK_REALTIME, &now);
                TRY(flow_from(flow, tar, NULL, "tar", o->files, &status));
                if (status == 0 && since != NULL)
                        return RC_OK;
                if (status > TAR_CHANGED)
                        return fail(cx, RC_UNAVAILABLE, NULL, "%s ended with status %d: %.*s", "/bin/tar", status, STR_ARG(o->name));
                if (status == 0 || since == NULL)
                        since = str_format(cx->mem, "--newer-mtime=@%lld", (long long)now.tv_sec - 2).p;
        }
        return fail(cx, RC_BUSY, NULL, "the files of %.*s change faster than they can be copied", STR_ARG(o->name));
}

static rc file_make(struct making *m, const struct owner *o, const char *kind, rc (*fill)(struct making *, const struct owner *, struct flow *))
{
        struct cx *cx = m->cx;
        str name = str_format(cx->mem, "%.*s.%s.age", STR_ARG(o->name), kind), sha256;
        const char *path = str_format(cx->mem, "%s/%.*s", m->half, STR_ARG(name)).p;
        const char *const argv[] = { "/usr/bin/age", "-r", str_z(cx->mem, o->recipient), NULL };
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        json_t *one = json_object();
        struct flow *flow;
        int64_t size;
        rc result;

        if (fd < 0)
                return file_failed(cx, path, errno);
        result = flow_open(cx, argv, NULL, "age", fd, &flow);
        if (result == RC_OK)
                result = flow_close(flow, fill(m, o, flow));
        if (result == RC_OK && fsync(fd) != 0)
                result = file_failed(cx, path, errno);
        (void)close(fd);
        TRY(result);
        TRY(depot_measure(cx, path, &size, &sha256));
        json_set(one, "name", json_str(name));
        json_set(one, "owner", json_str(o->name));
        json_set(one, "kind", json_str(str_of(kind)));
        json_set(one, "recipient", json_str(o->recipient));
        json_set(one, "size", json_integer(size));
        json_set(one, "sha256", json_str(sha256));
        must(json_array_append_new(m->files, one) == 0);
        m->bytes += size;
        return RC_OK;
}

static void list_add(struct making *m, struct buf *list, str path)
{
        if (!str_empty(path) && file_path_safe(path) && access(place_path(m->cx, m->house->dir, "%.*s", STR_ARG(path)), R_OK) == 0)
                buf_format(list, "%.*s\n", STR_ARG(path));
}

static rc owner_make(struct making *m, struct owner *o)
{
        struct buf list = buf_open(m->cx->mem, LIST_MAX);
        str rest = o->files;

        while (!str_empty(rest)) {
                str line = str_cut(rest, '\n', &rest);

                list_add(m, &list, str_format(m->cx->mem, "%s%.*s", str_absent(o->tenant) ? "" : "files/", STR_ARG(line)));
        }
        if (!str_empty(o->part))
                list_add(m, &list, str_format(m->cx->mem, "seal/%.*s", STR_ARG(o->part)));
        must(!buf_full(&list));
        TRY(file_make(m, o, "rows", rows_fill));
        o->files = buf_str(&list);
        return str_empty(o->files) ? RC_OK : file_make(m, o, "files", files_fill);
}

/* All of them ---------------------------------------------------------------------------------------------------------------------------------------------- */

struct keys {
        str dir;
        const struct snapshot_contract *list;
        str *recipient; /* absent: the contract is gone meanwhile */
        size_t count;
};

static rc keys_work(struct cx *cx, void *data)
{
        struct keys *k = data;

        for (size_t i = 0; i < k->count; i++) {
                str name;

                TRY(sql_snapshot_hold(cx, k->list[i].name, &name));
                k->recipient[i] = STR_NONE;
                if (str_absent(name))
                        continue;
                TRY(depot_key_ensure(cx, k->dir, name, &k->recipient[i]));
                TRY(sql_snapshot_key(cx, name, k->recipient[i]));
        }
        return RC_OK;
}

static bool gone_work_of(struct cx *cx, struct keys *one)
{
        return operator_do(cx, STR_NONE, LOG_NOTHING, keys_work, one) == RC_OK && str_absent(one->recipient[0]);
}

/* A contract that is erased while its rows are read is no trouble of the backup: it is left out. */
static rc contract_make(struct making *m, const struct snapshot_contract *c, str recipient, int64_t *contracts)
{
        struct cx *cx = m->cx;
        struct owner o = { .name = c->name,
                           .tenant = c->name,
                           .schema = str_format(cx->mem, "t_%.*s", STR_ARG(c->name)),
                           .part = c->part,
                           .files = c->files,
                           .recipient = recipient };
        struct failure told;
        size_t before = json_array_size(m->files);
        rc result = owner_make(m, &o);

        if (result == RC_OK) {
                ++*contracts;
                return RC_OK;
        }
        if (result == RC_DISK_FULL)
                return result;
        told = cx->failure;
        fail_clear(cx);
        if (gone_work_of(cx, &(struct keys){ m->house->dir, c, &recipient, 1 })) {
                while (json_array_size(m->files) > before)
                        must(json_array_remove(m->files, before) == 0);
                (void)unlink(str_format(cx->mem, "%s/%.*s.rows.age", m->half, STR_ARG(c->name)).p);
                (void)unlink(str_format(cx->mem, "%s/%.*s.files.age", m->half, STR_ARG(c->name)).p);
                return RC_OK;
        }
        cx->failure = told;
        return result;
}

static rc owners_make(struct making *m, struct snapshot *s)
{
        struct cx *cx = m->cx;
        struct owner house = { .name = S(DEPOT_HOUSE),
                               .tenant = STR_NONE,
                               .schema = S("daicho"),
                               .part = S("house"),
                               .files = S("daicho.conf\npostgresql.conf\ntls\nwitness") };
        struct snapshot_contract *list;
        struct db *desk = cx->db;
        struct keys keys = { .dir = m->house->dir };
        rc result;

        cx->db = m->reader;
        result = sql_snapshot_contracts(cx, &list, &keys.count);
        cx->db = desk;
        TRY(result);
        keys.list = list;
        keys.recipient = NEW_ARRAY(cx->mem, str, keys.count + 1);
        TRY(operator_do(cx, STR_NONE, LOG_NOTHING, keys_work, &keys));
        TRY(depot_key_ensure(cx, m->house->dir, house.name, &house.recipient));
        TRY(owner_make(m, &house));
        for (size_t i = 0; i < keys.count; i++)
                if (!str_absent(keys.recipient[i]))
                        TRY(contract_make(m, &list[i], keys.recipient[i], &s->contracts));
        return RC_OK;
}

static json_t *manifest_of(const struct making *m, const struct snapshot *s)
{
        json_t *manifest = json_object();

        json_set(manifest, "format", json_integer(1));
        json_set(manifest, "name", json_str(s->name));
        json_set(manifest, "taken_at", json_str(clock_rfc3339(m->cx->mem, s->taken_at)));
        json_set(manifest, "schema", json_integer(m->point->schema));
        json_set(manifest, "tenant_schema", json_integer(m->point->tenant_schema));
        json_set(manifest, "postgres", json_str(m->point->server));
        json_set(manifest, "transaction", json_str(m->point->transaction));
        json_set(manifest, "contracts", json_integer(s->contracts));
        return json_set(manifest, "files", m->files);
}

static rc make(struct making *m, str place, struct snapshot *s)
{
        struct cx *cx = m->cx;
        const char *whole;
        struct db *desk = cx->db;
        rc result;

        cx->db = m->reader;
        db_begin(cx);
        result = sql_snapshot_begin(cx, &m->point);
        cx->db = desk;
        TRY(result);
        s->name = m->point->name;
        s->taken_at = m->point->taken_at;
        m->half = place_path(cx, place, ".new-%.*s", STR_ARG(s->name));
        whole = place_path(cx, place, "%.*s", STR_ARG(s->name));
        if (access(whole, F_OK) == 0)
                return fail(cx, RC_CONFLICT, NULL, "there is a backup of this very second already");
        if (mkdir(m->half, 0700) != 0)
                return file_failed(cx, m->half, errno);
        TRY(owners_make(m, s));
        s->bytes = m->bytes;
        TRY(depot_manifest_write(cx, m->house->dir, m->half, manifest_of(m, s)));
        TRY(depot_sync(cx, m->half));
        if (rename(m->half, whole) != 0)
                return file_failed(cx, whole, errno);
        return depot_sync(cx, str_z(cx->mem, place));
}

rc snapshot_make(struct cx *cx, const struct place *house, str place, struct snapshot *ret)
{
        struct making m = { .cx = cx, .house = house, .files = json_array() };
        struct snapshot s = { .contracts = 0 };
        struct failure told;
        rc result;

        TRY(operator_connect(cx, "daicho_owner"));
        TRY(snapshot_variables(cx, house, &m.variables));
        TRY(reader_open(&m));
        result = make(&m, place, &s);
        db_close(m.reader);
        told = cx->failure;
        if (result != RC_OK && m.half != NULL) {
                fail_clear(cx);
                (void)!depot_clear(cx, m.half);
                cx->failure = told;
        }
        *ret = s;
        return result;
}
