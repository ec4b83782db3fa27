/* tenant.c - see tenant.h. */
#include "base/house.h"

#include "tenant/tenant.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "db/db.h"
#include "db/migrate.h"
#include "tenant/tenant.sql.h"
#include "tenant/vault.h"

#include <unistd.h>

enum { NAME_MIN = 2, NAME_MAX = 30, TITLE_MAX = 100, REASON_MAX = 1000, YEAR_MAX = 2999 };
enum { JOBS_ASKED_MAX = 300, JOBS_PAUSE_US = 100000 };

static bool name_valid(str name)
{
        if (name.n < NAME_MIN || name.n > NAME_MAX)
                return false;
        for (size_t i = 0; i < name.n; i++)
                if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(i > 0 && name.p[i] >= '0' && name.p[i] <= '9'))
                        return false;
        return true;
}

static rc check(struct cx *cx, str name, str title, str lang)
{
        if (!name_valid(name))
                (void)fail(cx, RC_INVALID, "name", "must be 2 to 30 letters a-z and digits, beginning with a letter");
        if (str_empty(str_trim(title)) || utf8_length(title) > TITLE_MAX)
                (void)fail(cx, RC_INVALID, "title", "must have 1 to %d characters", TITLE_MAX);
        if (!str_is(lang, "ja") && !str_is(lang, "en"))
                (void)fail(cx, RC_INVALID, "lang", "must be ja or en");
        return cx->failure.code;
}

/* Run `change` in the caller's transaction, or in one of its own. */
static rc all_or_nothing(struct cx *cx, rc (*change)(struct cx *cx, const struct tenant *tenant), const struct tenant *tenant)
{
        bool own = !db_in_transaction(cx);
        rc code;

        if (own)
                db_begin(cx);
        code = change(cx, tenant);
        if (own && code == RC_OK)
                code = db_commit(cx);
        else if (own)
                db_rollback(cx);
        return code;
}

static rc create(struct cx *cx, const struct tenant *t)
{
        struct tenant_row *other;
        int64_t version;

        TRY(sql_tenant_find(cx, t->name, &other));
        if (other != NULL)
                return fail(cx, RC_CONFLICT, "name", "there is a contract of this name");
        sql_tenant_insert_queue(cx, t->name, t->title, t->lang, t->operators);
        if (t->operators)
                sql_tenant_insert_operator_groups_queue(cx, t->name, t->lang);
        else
                sql_tenant_insert_groups_queue(cx, t->name, t->lang);
        sql_tenant_open_roles_queue(cx, t->name);
        TRY(sql_tenant_open_schema(cx, t->name));
        return migrate_schema(cx, t->name, 0, &version);
}

rc tenant_create(struct cx *cx, str name, str title, str lang)
{
        TRY(check(cx, name, title, lang));
        return all_or_nothing(cx, create, &(struct tenant){ .name = name, .title = str_trim(title), .lang = lang });
}

rc tenant_create_operators(struct cx *cx, str name, str title, str lang)
{
        TRY(check(cx, name, title, lang));
        return all_or_nothing(cx, create, &(struct tenant){ .name = name, .title = str_trim(title), .lang = lang, .operators = true });
}

static struct tenant tenant_of(const struct tenant_row *row)
{
        return (struct tenant){ row->name,       row->title,    row->state, row->lang,    row->schema_version,
                                row->created_at, row->accounts, false,      row->ends_at, row->erase_at };
}

rc tenant_list(struct cx *cx, struct tenant **ret, size_t *ret_count)
{
        struct tenant_row *rows;
        struct tenant *list;
        size_t count;

        TRY(sql_tenant_list(cx, &rows, &count));
        list = NEW_ARRAY(cx->mem, struct tenant, count);
        for (size_t i = 0; i < count; i++)
                list[i] = tenant_of(&rows[i]);
        *ret = list;
        *ret_count = count;
        return RC_OK;
}

static rc unknown(struct cx *cx)
{
        return fail(cx, RC_UNKNOWN, "name", "there is no contract of this name");
}

rc tenant_get(struct cx *cx, str name, struct tenant **ret)
{
        struct tenant_row *row;

        TRY(sql_tenant_find(cx, name, &row));
        if (row == NULL)
                return unknown(cx);
        *ret = NEW(cx->mem, struct tenant);
        **ret = tenant_of(row);
        return RC_OK;
}

rc tenant_waive(struct cx *cx, str name, str approved_by, str reason)
{
        size_t changed;

        if (str_empty(str_trim(approved_by)) || utf8_length(approved_by) > TITLE_MAX)
                (void)fail(cx, RC_INVALID, "approved-by", "must name the person who agreed, in at most %d characters", TITLE_MAX);
        else if (str_equal_nocase(str_trim(approved_by), cx->actor.name))
                (void)fail(cx, RC_INVALID, "approved-by", "somebody else must approve this: who asks does not approve");
        if (str_empty(str_trim(reason)) || utf8_length(reason) > REASON_MAX)
                (void)fail(cx, RC_INVALID, "reason", "must be given, in at most %d characters", REASON_MAX);
        TRY(cx->failure.code);
        TRY(sql_tenant_waive(cx, name, &changed));
        if (changed == 0)
                return unknown(cx);
        TRY(sql_tenant_waive_end(cx, name, cx->actor.name, &changed));
        return sql_tenant_waive_note(cx, name, str_absent(cx->actor.name) ? S("") : cx->actor.name, str_trim(approved_by), str_trim(reason));
}

static rc state_change(struct cx *cx, str name, str state)
{
        struct tenant *t;
        size_t changed;

        TRY(tenant_get(cx, name, &t));
        TRY(sql_tenant_state_change(cx, name, state, &changed));
        return changed == 1 ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this contract has ended already");
}

rc tenant_factor(struct cx *cx, str name, bool everybody)
{
        size_t changed;

        TRY(sql_tenant_factor_change(cx, name, everybody, &changed));
        return changed == 1 ? RC_OK : unknown(cx);
}

rc tenant_suspend(struct cx *cx, str name)
{
        return state_change(cx, name, S("suspended"));
}

rc tenant_resume(struct cx *cx, str name)
{
        return state_change(cx, name, S("active"));
}

rc tenant_cancel(struct cx *cx, str name, struct date last_day)
{
        struct tenant *t;
        size_t changed;

        if (last_day.year > YEAR_MAX)
                return fail(cx, RC_INVALID, "last-day", "must not be after the year %d", YEAR_MAX);
        TRY(tenant_get(cx, name, &t));
        TRY(sql_tenant_cancel(cx, name, clock_iso_date(cx->mem, last_day), &changed));
        if (changed == 1)
                return RC_OK;
        if (str_is(t->state, "ended"))
                return fail(cx, RC_CONFLICT, NULL, "this contract has ended already");
        return fail(cx, RC_INVALID, "last-day", "must be today or later");
}

rc tenant_keep(struct cx *cx, str name)
{
        struct tenant *t;
        size_t changed;

        TRY(tenant_get(cx, name, &t));
        TRY(sql_tenant_keep(cx, name, &changed));
        return changed == 1 ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this contract has ended already, or was not cancelled");
}

/* The certificate as the database wrote it; absent: nothing was erased. */
static rc certificate_read(struct cx *cx, str text, json_t **ret)
{
        *ret = NULL;
        return str_absent(text) ? RC_OK : json_read(cx, text, ret);
}

rc tenant_close(struct cx *cx, str name)
{
        struct tenant *t;
        size_t changed;

        TRY(tenant_get(cx, name, &t));
        TRY(sql_tenant_state_change(cx, name, S("suspended"), &changed)); /* of one that has ended nothing is left to close */
        return sql_tenant_jobs_cancel(cx, name, &changed);
}

/* A runner holds tables of the contract on one connection and tells its progress on another: whoever erased now would wait for the first, and keep the
 * second waiting. */
static rc jobs_await(struct cx *cx, str name)
{
        int64_t running = 1;

        for (int i = 0; i < JOBS_ASKED_MAX && running > 0; i++) {
                if (i > 0)
                        (void)usleep(JOBS_PAUSE_US);
                TRY(sql_tenant_jobs_running(cx, name, &running));
        }
        return running == 0 ? RC_OK : fail(cx, RC_BUSY, NULL, "work of this contract is still running; please try again in a moment");
}

static rc end(struct cx *cx, const struct tenant *t)
{
        json_t *certificate;
        str text;

        TRY(sql_tenant_patience(cx, &text));
        TRY(jobs_await(cx, t->name));
        TRY(sql_tenant_erase(cx, t->name, str_absent(cx->actor.name) ? S("operator") : cx->actor.name, &text));
        TRY(certificate_read(cx, text, &certificate));
        return certificate == NULL ? unknown(cx) : vault_destroy(cx, t->name);
}

rc tenant_end(struct cx *cx, str name)
{
        return all_or_nothing(cx, end, &(struct tenant){ .name = name });
}

rc tenant_end_due(struct cx *cx, int64_t id, json_t **ret)
{
        str name;

        TRY(sql_tenant_end_due(cx, &name));
        *ret = str_absent(name) ? NULL : json_set(json_object(), "tenant", json_str(name));
        return RC_OK;
}

rc tenant_erase_due(struct cx *cx, int64_t id, json_t **ret)
{
        str text;

        TRY(sql_tenant_erase_due(cx, &text));
        TRY(certificate_read(cx, text, ret));
        /* before the commit: a certificate is never seen while the key it names is there */
        return *ret == NULL ? RC_OK : vault_destroy(cx, json_get_text(*ret, "tenant"));
}

rc tenant_erasures(struct cx *cx, json_t **ret)
{
        str *texts;
        size_t count;

        TRY(sql_tenant_erasures(cx, &texts, &count));
        *ret = json_array();
        for (size_t i = 0; i < count; i++) {
                json_t *one;

                TRY(json_read(cx, texts[i], &one));
                must(json_array_append_new(*ret, one) == 0);
        }
        return RC_OK;
}
