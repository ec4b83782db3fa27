/* migrate.c - see migrate.h. */
#include "base/house.h"

#include "db/migrate.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "db/migrate.sql.h"
#include "db/statement.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

enum { FILES_MAX = 1000, SCRIPT_MAX = 1 << 21 };

struct script {
        int64_t number;
        str name; /* "0001_house.sql" */
        str text;
        str sha256;
};

static int by_number(const void *a, const void *b)
{
        int64_t x = ((const struct script *)a)->number, y = ((const struct script *)b)->number;

        return (x > y) - (x < y);
}

/* "0001_house.sql" -> 1 */
static bool script_number(str name, int64_t *ret)
{
        return name.n > 9 && name.p[4] == '_' && str_ends(name, S(".sql")) && str_int((str){ name.p, 4 }, ret) && *ret > 0;
}

static rc script_read(struct cx *cx, str directory, str name, struct script *ret)
{
        uint8_t sha256[SHA256_SIZE];

        if (!script_number(name, &ret->number))
                return fail(cx, RC_INVALID, NULL, "the migration %.*s must be called like 0001_name.sql", STR_ARG(name));
        ret->name = name;
        TRY(file_read(cx, str_format(cx->mem, "%.*s/%.*s", STR_ARG(directory), STR_ARG(name)).p, SCRIPT_MAX, &ret->text));
        crypto_sha256(ret->text, sha256);
        ret->sha256 = (str){ arena_copy(cx->mem, sha256, SHA256_SIZE), SHA256_SIZE };
        return RC_OK;
}

/* The scripts of one directory by number. */
static rc script_list(struct cx *cx, str directory, struct script **ret, size_t *ret_count)
{
        struct script *list = NEW_ARRAY(cx->mem, struct script, FILES_MAX);
        DIR *dir = opendir(str_z(cx->mem, directory));
        struct dirent *entry;
        size_t count = 0;
        rc code = RC_OK;

        if (dir == NULL)
                return file_failed(cx, str_z(cx->mem, directory), errno);
        while (code == RC_OK && (entry = readdir(dir)) != NULL) {
                str name = str_of(entry->d_name);

                if (!str_ends(name, S(".sql")) || str_is(name, "bootstrap.sql") || name.p[0] == '.')
                        continue;
                if (count == FILES_MAX)
                        code = fail(cx, RC_TOO_LARGE, NULL, "there are more than %d of these", FILES_MAX);
                else
                        code = script_read(cx, directory, str_copy(cx->mem, name), &list[count++]);
        }
        (void)closedir(dir);
        TRY(code);
        qsort(list, count, sizeof(list[0]), by_number);
        for (size_t i = 1; i < count; i++)
                if (list[i].number == list[i - 1].number)
                        return fail(cx, RC_INVALID, NULL, "the migrations %.*s and %.*s have the same number", STR_ARG(list[i - 1].name),
                                    STR_ARG(list[i].name));
        *ret = list;
        *ret_count = count;
        return RC_OK;
}

/* What was applied must stand at the head of the files, unchanged. *ret_count: how many were. */
static rc check(struct cx *cx, str scope, const struct script *list, size_t count, size_t *ret_applied)
{
        struct migration *applied;
        size_t applied_count;
        bool ready;

        *ret_applied = 0;
        TRY(sql_migrate_ready(cx, &ready));
        if (!ready)
                return RC_OK;
        TRY(sql_migrate_list(cx, scope, &applied, &applied_count));
        for (size_t i = 0; i < applied_count; i++) {
                if (i >= count || list[i].number > applied[i].number)
                        return fail(cx, RC_CONFLICT, NULL, "the database was made by a newer program: it has the migration %.*s, which is not here",
                                    STR_ARG(applied[i].name));
                if (list[i].number < applied[i].number)
                        return fail(cx, RC_CONFLICT, NULL, "the migration %.*s comes too late: %.*s was applied already", STR_ARG(list[i].name),
                                    STR_ARG(applied[i].name));
                if (!str_equal(list[i].sha256, applied[i].sha256))
                        return fail(cx, RC_CONFLICT, NULL, "the migration %.*s was changed after it was applied", STR_ARG(applied[i].name));
        }
        *ret_applied = applied_count;
        return RC_OK;
}

static rc script_failed(struct cx *cx, const struct script *s, str tenant)
{
        rc code = cx->failure.code;

        if (code != RC_INTERNAL && code != RC_FORBIDDEN && code != RC_INVALID && code != RC_CONFLICT)
                return code;
        fail_clear(cx);
        return fail(cx, code, NULL, "the migration %.*s failed (%.*s): %s", STR_ARG(s->name), STR_ARG(str_empty(tenant) ? S("daicho") : tenant),
                    db_refusal(cx));
}

static rc house_apply(struct cx *cx, const struct script *s)
{
        rc code;

        db_begin(cx);
        code = db_script(cx, s->text);
        if (code == RC_OK) {
                sql_migrate_note_queue(cx, S("house"), s->number, s->name, s->sha256, S(""));
                code = db_commit(cx);
        }
        if (code == RC_OK)
                return RC_OK;
        db_rollback(cx);
        return script_failed(cx, s, STR_NONE);
}

/* One script in one tenant's schema. */
static rc tenant_apply(struct cx *cx, str tenant, const struct script *s)
{
        struct buf text = buf_open(cx->mem, SCRIPT_MAX * 4);

        (void)statement_text(&text, s->text, tenant, STATEMENT_MIGRATION);
        if (buf_full(&text))
                return fail(cx, RC_TOO_LARGE, NULL, "the migration %.*s is too large", STR_ARG(s->name));
        if (db_script(cx, buf_str(&text)) != RC_OK)
                return script_failed(cx, s, tenant);
        sql_migrate_tenant_queue(cx, tenant, s->number);
        return RC_OK;
}

rc migrate_schema(struct cx *cx, str tenant, int64_t version, int64_t *ret_version)
{
        struct migration *list;
        size_t count;
        int64_t reached = version;

        must(db_in_transaction(cx));
        TRY(sql_migrate_list(cx, S("tenant"), &list, &count));
        for (size_t i = 0; i < count; i++) {
                struct script s = { list[i].number, list[i].name, list[i].script, list[i].sha256 };

                if (s.number <= version)
                        continue;
                TRY(tenant_apply(cx, tenant, &s));
                reached = s.number;
        }
        *ret_version = reached;
        return RC_OK;
}

/* Note the script, then give it to each tenant that is behind, a transaction each. A run that broke off is taken up again here. */
static rc tenants_apply(struct cx *cx, const struct script *list, size_t count, size_t applied, size_t *done)
{
        struct migration_tenant *behind;
        size_t behind_count;

        for (size_t i = applied; i < count; i++)
                TRY(sql_migrate_note(cx, S("tenant"), list[i].number, list[i].name, list[i].sha256, list[i].text));
        if (count == 0)
                return RC_OK;
        TRY(sql_migrate_behind(cx, list[count - 1].number, &behind, &behind_count));
        for (size_t i = 0; i < behind_count; i++) {
                for (size_t k = 0; k < count; k++) {
                        struct arena_mark mark = arena_mark(cx->mem);
                        rc code;

                        if (list[k].number <= behind[i].version)
                                continue;
                        db_begin(cx);
                        code = tenant_apply(cx, behind[i].name, &list[k]);
                        if (code == RC_OK)
                                code = db_commit(cx);
                        if (code != RC_OK) {
                                db_rollback(cx);
                                return code;
                        }
                        arena_rewind(cx->mem, mark);
                        (*done)++;
                }
        }
        return RC_OK;
}

static rc run_locked(struct cx *cx, str share_dir, size_t *done)
{
        str folder = str_format(cx->mem, "%.*s/schema", STR_ARG(share_dir));
        str tenant_folder = str_format(cx->mem, "%.*s/schema/tenant", STR_ARG(share_dir));
        struct script *house, *tenant;
        size_t house_count, tenant_count, house_applied, tenant_applied;

        TRY(script_list(cx, folder, &house, &house_count));
        TRY(script_list(cx, tenant_folder, &tenant, &tenant_count));
        TRY(check(cx, S("house"), house, house_count, &house_applied));
        TRY(check(cx, S("tenant"), tenant, tenant_count, &tenant_applied));
        for (size_t i = house_applied; i < house_count; i++) {
                TRY(house_apply(cx, &house[i]));
                (*done)++;
        }
        return tenants_apply(cx, tenant, tenant_count, tenant_applied, done);
}

rc migrate_run(struct cx *cx, str share_dir, size_t *ret_applied)
{
        size_t done = 0;
        rc code;

        must(!db_in_transaction(cx));
        TRY(sql_migrate_lock(cx));
        code = run_locked(cx, share_dir, &done);
        if (sql_migrate_unlock(cx) != RC_OK && code == RC_OK)
                code = cx->failure.code;
        if (code == RC_OK && ret_applied != NULL)
                *ret_applied = done;
        return code;
}
