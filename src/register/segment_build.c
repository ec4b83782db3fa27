/* segment_build.c - see segment_build.h. A function of one register counts three kinds of segments apart: what is cheap for each record, always; what folds
 * text or looks into histories, for statements of at most MANY records - above that the count becomes unknown and is made anew once (segment_turn.c); and
 * segments of its master that look into it, for the masters its rows belong to.
 *
 * Two people who add an entry for one master at the same moment: neither sees the other's. So the master's row is locked, and what is counted after that
 * sees what the other has written. */
#include "base/house.h"

#include "register/segment_build.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/condition_facts.h"
#include "register/segment.sql.h"

#include <poll.h>

enum { MANY = 20000, PREDICATE_MAX = 64 * 1024, ALL_MAX = 192 * 1024, LOCK_TRIES = 600, LOCK_WAIT_MS = 450, LOCKED_MAX = 200, DIGEST = 16 };

struct one {
        int64_t id;
        const struct condition *condition;
        struct condition_facts facts;
};

struct list {
        const struct definition *def;
        struct one *ones;
        size_t count, broken;
};

/* Conditions are read as the house: whose right it was to save one was asked when it was saved. */
static struct cx *house(struct cx *cx)
{
        struct cx *all = arena_copy(cx->mem, cx, sizeof(*cx));

        all->actor.kind = ACTOR_SYSTEM;
        all->actor.id = 0;
        all->permissions = permission_all();
        all->masked = false;
        return all;
}

static str digest(struct cx *cx, str text)
{
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(text, hash);
        return crypto_hex(cx->mem, hash, DIGEST);
}

/* What is counted; false: too long to be. */
static bool predicate(struct cx *cx, const struct condition *condition, str *ret)
{
        struct sql *sql = sql_open(cx);

        sql->literal = true;
        condition_sql(sql, condition);
        *ret = buf_str(&sql->text);
        return !buf_full(&sql->text) && ret->n <= PREDICATE_MAX;
}

static rc read_one(struct cx *cx, const struct definition *def, const struct segment_built *row, struct condition **ret)
{
        json_t *json;
        rc code;

        *ret = NULL;
        code = json_read(cx, row->condition, &json);
        if (code == RC_OK)
                code = condition_parse_as(cx, def, json, &(struct condition_reading){ .segment = row->id, .saved = true }, ret);
        if (code != RC_OK && code != RC_INVALID && code != RC_FORBIDDEN && code != RC_TOO_LARGE)
                return code;
        fail_clear(cx);
        return RC_OK;
}

/* Segments of a register that can be counted. store: what is found out about each is written down. */
static rc list_read(struct cx *cx, const struct definition *def, bool store, struct list *ret)
{
        struct cx *all = house(cx);
        struct segment_built *rows;
        size_t count, size = 0;

        TRY(sql_segment_built(cx, def->id, &rows, &count));
        *ret = (struct list){ .def = def, .ones = NEW_ARRAY(cx->mem, struct one, count + 1) };
        for (size_t i = 0; i < count; i++) {
                struct condition *condition;
                struct condition_facts facts;
                str text = S("");
                rc code = read_one(all, def, &rows[i], &condition);
                bool good;

                if (code != RC_OK) {
                        cx->failure = all->failure;
                        return code;
                }
                good = condition != NULL && !condition_facts(condition).asker && predicate(all, condition, &text) && (size += text.n) <= ALL_MAX;
                facts = condition_facts(condition);
                if (good)
                        ret->ones[ret->count++] = (struct one){ .id = rows[i].id, .condition = condition, .facts = facts };
                else
                        ret->broken++;
                if (store)
                        TRY(sql_segment_mark(cx, rows[i].id, good ? S("ready") : S("broken"), !good || facts.personal, facts.moving,
                                             good ? digest(cx, text) : S("")));
        }
        return RC_OK;
}

/* The function ---------------------------------------------------------------------------------------------------------------------- */

enum part { CHEAP, TEXTS, LOOKING, ABOUT };

static bool in_part(const struct one *one, enum part part, str about)
{
        switch (part) {
        case CHEAP: return !one->facts.heavy && !one->facts.history;
        case TEXTS: return one->facts.heavy && !one->facts.history;
        case LOOKING: return one->facts.history;
        case ABOUT: break;
        }
        return condition_facts_about(one->condition, about);
}

struct writer {
        struct sql *sql;
        const struct definition *def; /* whose table it is */
        const struct list *list;
        enum part part;
};

static size_t part_size(const struct writer *w)
{
        size_t n = 0;

        for (size_t i = 0; i < w->list->count; i++)
                n += in_part(&w->list->ones[i], w->part, w->def->name);
        return n;
}

static void ids(const struct writer *w)
{
        bool any = false;

        sql_add(w->sql, "array[");
        for (size_t i = 0; i < w->list->count; i++) {
                if (!in_part(&w->list->ones[i], w->part, w->def->name))
                        continue;
                if (any)
                        sql_add(w->sql, ", ");
                sql_int(w->sql, w->list->ones[i].id);
                any = true;
        }
        sql_add(w->sql, "]::bigint[]");
}

/* array[count(*) filter (where …), …] over alias r */
static void counts(const struct writer *w)
{
        bool any = false;

        sql_add(w->sql, "array[");
        for (size_t i = 0; i < w->list->count; i++) {
                if (!in_part(&w->list->ones[i], w->part, w->def->name))
                        continue;
                if (any)
                        sql_add(w->sql, ",\n");
                sql_add(w->sql, "count(*) filter (where ");
                condition_sql(w->sql, w->list->ones[i].condition);
                sql_add(w->sql, ")");
                any = true;
        }
        sql_add(w->sql, "]::bigint[]");
}

static void store(const struct writer *w)
{
        sql_add(w->sql,
                "insert into tenant.segment_count (segment, day, delta) select u.s, v_today, coalesce(u.a, 0) - coalesce(u.b, 0) from unnest(");
        ids(w);
        sql_add(w->sql, ", v_a, v_b) as u(s, a, b) where coalesce(u.a, 0) <> coalesce(u.b, 0);\n");
}

static void lose(const struct writer *w)
{
        sql_add(w->sql, "insert into tenant.segment_count (segment, day) select u.s, v_today from unnest(");
        ids(w);
        sql_add(w->sql, ") as u(s);\ninsert into daicho.segment_asked (tenant, fold) values (substr(tg_table_schema, 3), false);\n");
}

static void own_counts(const struct writer *w, bool number)
{
        static const char *const tables[2][3] = { { "after", "v_n", "v_a" }, { "before", "v_m", "v_b" } };

        for (int i = 0; i < 2; i++) {
                buf_add(&w->sql->text, i == 0 ? S("if tg_op <> 'DELETE' then select ") : S("if tg_op <> 'INSERT' then select "));
                if (number)
                        sql_add(w->sql, "count(*), ");
                counts(w);
                buf_format(&w->sql->text, " into %s%s%s from %s r; end if;\n", number ? tables[i][1] : "", number ? ", " : "", tables[i][2],
                           tables[i][0]);
        }
}

static void own_part(struct writer *w, enum part part)
{
        w->part = part;
        if (part != CHEAP && part_size(w) == 0)
                return;
        if (part == CHEAP) {
                own_counts(w, true);
                sql_add(w->sql, "if v_n + v_m = 0 then return null; end if;\n");
                if (part_size(w) > 0)
                        store(w);
                return;
        }
        /* entries of deleted masters are gone already when their masters' turn comes */
        sql_add(w->sql, "if greatest(v_n, v_m) > ");
        sql_int(w->sql, MANY);
        buf_add(&w->sql->text, part == LOOKING ? S(" or tg_op = 'DELETE' then\n") : S(" then\n"));
        lose(w);
        sql_add(w->sql, "else\n");
        own_counts(w, false);
        store(w);
        sql_add(w->sql, "end if;\n");
}

static void masters_of(const struct writer *w, const char *from, const char *more)
{
        sql_add(w->sql, "select x.");
        sql_name(w->sql, w->def->master->name);
        buf_format(&w->sql->text, " from %s x%s", from, more);
}

/* Segments of the master, for the masters of these entries: as the history is now, and as it was. */
static void about_part(struct writer *w)
{
        static const char *const events[] = { [SQL_INSERT] = "INSERT", [SQL_UPDATE] = "UPDATE", [SQL_DELETE] = "DELETE" };

        w->part = ABOUT;
        if (part_size(w) == 0)
                return;
        sql_add(w->sql, "if greatest(v_n, v_m) > ");
        sql_int(w->sql, MANY);
        sql_add(w->sql, " then\n");
        lose(w);
        for (int event = SQL_INSERT; event <= SQL_DELETE; event++) {
                buf_format(&w->sql->text, "elsif tg_op = '%s' then\nv_ids := array(select distinct y.* from (", events[event]);
                if (event != SQL_DELETE)
                        masters_of(w, "after", event == SQL_UPDATE ? " union all " : "");
                if (event != SQL_INSERT)
                        masters_of(w, "before", "");
                sql_add(w->sql, ") y);\nperform 1 from ");
                sql_table(w->sql, w->list->def);
                sql_add(w->sql, " r where r.id = any (v_ids) order by r.id for no key update;\nselect ");
                counts(w);
                sql_add(w->sql, ", ");
                w->sql->before = w->def;
                w->sql->event = event;
                counts(w);
                w->sql->before = NULL;
                sql_add(w->sql, " into v_a, v_b from ");
                sql_table(w->sql, w->list->def);
                sql_add(w->sql, " r where r.id = any (v_ids);\n");
                store(w);
        }
        sql_add(w->sql, "end if;\n");
}

static void function_head(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "create or replace function tenant.");
        sql_names(sql, "g_", def->name, "");
        sql_add(sql, "() returns trigger language plpgsql security definer set search_path = pg_catalog as $daicho$\n");
}

static void function_tail(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "return null;\nend\n$daicho$;\nrevoke execute on function tenant.");
        sql_names(sql, "g_", def->name, "");
        sql_add(sql, "() from public;\n");
}

static void triggers(struct sql *sql, const struct definition *def)
{
        static const char *const events[][3] = { { "insert", "after insert", "referencing new table as after" },
                                                 { "update", "after update", "referencing old table as before new table as after" },
                                                 { "delete", "after delete", "referencing old table as before" } };

        for (size_t i = 0; i < COUNT(events); i++) {
                buf_format(&sql->text, "create or replace trigger segment_%s %s on ", events[i][0], events[i][1]);
                sql_table(sql, def);
                buf_format(&sql->text, " %s for each statement execute function tenant.", events[i][2]);
                sql_names(sql, "g_", def->name, "");
                sql_add(sql, "();\n");
        }
}

static rc there(struct cx *cx, const struct definition *def, bool *ret)
{
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "select to_regproc('tenant.");
        sql_names(sql, "g_", def->name, "");
        sql_add(sql, "') is not null");
        TRY(sql_run(sql, &rows));
        *ret = rows_bool(rows, 0, 0);
        return RC_OK;
}

static rc function_write(struct cx *cx, const struct definition *def, const struct list *own, const struct list *masters)
{
        struct sql *sql = sql_open(cx);
        struct writer w = { .sql = sql, .def = def, .list = own };
        struct writer about = { .sql = sql, .def = def, .list = masters, .part = ABOUT };
        bool was;

        TRY(there(cx, def, &was));
        if (!was && own->count == 0 && (masters == NULL || part_size(&about) == 0))
                return RC_OK;
        sql->literal = true;
        function_head(sql, def);
        sql_add(sql, "declare\nv_n bigint := 0; v_m bigint := 0; v_a bigint[]; v_b bigint[]; v_ids bigint[];\n"
                     "v_today date := (daicho.clock() at time zone 'Asia/Tokyo')::date;\nbegin\n");
        own_part(&w, CHEAP);
        own_part(&w, TEXTS);
        own_part(&w, LOOKING);
        if (masters != NULL)
                about_part(&about);
        sql_add(sql, "if random() < 0.004 then insert into daicho.segment_asked (tenant, fold) values (substr(tg_table_schema, 3), true); end if;\n");
        function_tail(sql, def);
        if (!was)
                triggers(sql, def);
        must(!buf_full(&sql->text) && sql->count == 0); /* ALL_MAX sees to it */
        return db_script(cx, buf_str(&sql->text));
}

/* The job --------------------------------------------------------------------------------------------------------------------------- */

static rc master_get(struct cx *cx, const struct definition *def, const struct definition **ret)
{
        *ret = NULL;
        return def->master ? definition_get(cx, def->master->reference, ret) : RC_OK;
}

/* All of them, whatever who asked may see. */
static rc histories_get(struct cx *cx, const struct definition *def, const struct definition ***ret, size_t *ret_count)
{
        const struct definition *one;
        size_t count, n = 0;
        str *names;

        TRY(sql_segment_histories(cx, &names, &count));
        *ret = NEW_ARRAY(cx->mem, const struct definition *, count + 1);
        for (size_t i = 0; i < count; i++) {
                if (str_equal(names[i], def->name))
                        continue;
                TRY(definition_get(cx, names[i], &one));
                if (one->master != NULL && str_equal(one->master->reference, def->name))
                        (*ret)[n++] = one;
        }
        *ret_count = n;
        return RC_OK;
}

static rc family_build(struct cx *cx, const struct definition *def, struct list *own)
{
        const struct definition *master, **histories;
        struct list masters = { 0 }, list;
        size_t count;

        TRY(list_read(cx, def, true, own));
        TRY(master_get(cx, def, &master));
        if (master != NULL)
                TRY(list_read(cx, master, false, &masters));
        TRY(function_write(cx, def, own, master ? &masters : NULL));
        TRY(histories_get(cx, def, &histories, &count));
        for (size_t i = 0; i < count; i++) {
                TRY(list_read(cx, histories[i], false, &list));
                TRY(function_write(cx, histories[i], &list, own));
        }
        return RC_OK;
}

struct names {
        str list[LOCKED_MAX];
        size_t count;
};

static rc names_add(struct cx *cx, const struct definition *def, struct names *names)
{
        const struct definition **histories;
        size_t count;

        TRY(histories_get(cx, def, &histories, &count));
        for (size_t i = 0; i <= count; i++) {
                if (names->count == LOCKED_MAX)
                        return fail(cx, RC_TOO_LARGE, NULL, "this asks for too much at once");
                names->list[names->count++] = i == 0 ? def->name : histories[i - 1]->name;
        }
        return RC_OK;
}

/* No writer is under way while functions are exchanged: every record is counted by the old ones or by the new ones, as the count to come sees it. Tried for
 * a moment again and again, so that nobody waits behind one who waits for a long import. */
static rc tables_lock(struct cx *cx, struct job *job, const struct names *names)
{
        for (int i = 0; i < LOCK_TRIES; i++) {
                bool locked;

                TRY(sql_segment_lock(cx, cx->tenant, db_array(cx, names->list, names->count), &locked));
                if (locked)
                        return RC_OK;
                TRY(job_progress(cx, job, 0, 0, "job.step.wait"));
                (void)poll(NULL, 0, LOCK_WAIT_MS);
        }
        return fail(cx, RC_BUSY, NULL, "somebody writes into this register without a pause; please try again");
}

rc segment_build_run(struct cx *cx, struct job *job)
{
        const struct definition *def, *master;
        struct list own, of_master = { 0 };
        struct names names = { .count = 0 };
        json_t *result = json_object();

        TRY(definition_get(cx, job->register_name, &def));
        TRY(master_get(cx, def, &master));
        if (master != NULL)
                TRY(names_add(cx, master, &names));
        TRY(names_add(cx, def, &names));
        TRY(tables_lock(cx, job, &names));
        if (master != NULL)
                TRY(family_build(cx, master, &of_master));
        TRY(family_build(cx, def, &own));
        TRY(sql_segment_begin(cx, cx->tenant));
        (void)json_set(result, "segments", json_integer((json_int_t)own.count));
        (void)json_set(result, "broken", json_integer((json_int_t)(own.broken + of_master.broken)));
        job->result = result;
        log_subject(cx, def->name, 0);
        log_detail(cx, "segments", json_integer((json_int_t)own.count));
        return RC_OK;
}

static rc function_void(struct cx *cx, const struct definition *def, bool *any)
{
        struct sql *sql = sql_open(cx);
        bool was;

        TRY(there(cx, def, &was));
        if (!was)
                return RC_OK;
        *any = true;
        function_head(sql, def);
        sql_add(sql, "begin\n");
        function_tail(sql, def);
        return db_script(cx, buf_str(&sql->text));
}

rc segment_build_void(struct cx *cx, const struct definition *def)
{
        const struct definition *master, **histories;
        bool any = false;
        size_t count, changed;

        TRY(master_get(cx, def, &master));
        TRY(function_void(cx, def, &any));
        if (master != NULL)
                TRY(function_void(cx, master, &any));
        TRY(histories_get(cx, def, &histories, &count));
        for (size_t i = 0; i < count; i++)
                TRY(function_void(cx, histories[i], &any));
        TRY(sql_segment_void(cx, def->id, master ? master->id : 0, &changed));
        return any || changed > 0 ? sql_segment_begin(cx, cx->tenant) : RC_OK; /* segment_turn.c asks for the job */
}
