/* sql.c - see sql.h. How to add a statement: a function here that writes literals, names of checked definitions and
 * parameters, and nothing else. */
#include "base/house.h"

#include "register/sql.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "register/definition_sentence.h"
#include "register/item.h"
#include "register/search.h"

struct sql *sql_open(struct cx *cx)
{
        struct sql *sql = NEW(cx->mem, struct sql);

        sql->cx = cx;
        sql->alias = 'r';
        sql->text = buf_open(cx->mem, MB(2));
        return sql;
}

struct sql *sql_open_literal(struct cx *cx)
{
        struct sql *sql = sql_open(cx);

        sql->literal = true;
        return sql;
}

void sql_int(struct sql *sql, int64_t i)
{
        buf_int(&sql->text, i);
}

/* Whatever went wrong before: nothing but letters, digits and _ ever gets between these quotes. */
static void name_part(struct sql *sql, str name)
{
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i];

                must((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
        }
        buf_add(&sql->text, name);
}

void sql_word(struct sql *sql, str name)
{
        must(name.n > 0);
        name_part(sql, name);
}

void sql_names(struct sql *sql, const char *prefix, str name, const char *suffix)
{
        must(name.n > 0 && strlen(prefix) + name.n + strlen(suffix) <= 63);
        buf_char(&sql->text, '"');
        name_part(sql, str_of(prefix));
        name_part(sql, name);
        name_part(sql, str_of(suffix));
        buf_char(&sql->text, '"');
}

void sql_name(struct sql *sql, str name)
{
        sql_names(sql, "", name, "");
}

static void real_table(struct sql *sql, str register_name)
{
        sql_add(sql, "tenant.");
        sql_names(sql, "r_", register_name, "");
}

void sql_table(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "tenant.");
        sql_names(sql, sql->cx->masked ? "m_" : "r_", def->name, "");
}

static void part_column(struct sql *sql, const struct item *item, const void *of)
{
        sql_column(sql, item);
}

void sql_column(struct sql *sql, const struct item *item)
{
        must(sql_visible(sql->cx, item));
        if (!item_stored(item)) {
                definition_sentence_sql(sql, item, part_column, NULL);
                return;
        }
        buf_char(&sql->text, sql->alias);
        sql_add(sql, ".");
        sql_name(sql, item->name);
}

static const char *const system_columns[SQL_SYSTEM] = { "id", "version", "created_at", "created_by", "updated_at", "updated_by", "origin" };

void sql_system(struct sql *sql, int column)
{
        buf_char(&sql->text, sql->alias);
        sql_add(sql, ".");
        buf_add(&sql->text, str_of(system_columns[column]));
}

/* convert_from(decode('e38182', 'hex'), 'UTF8'): no sign of the value can end the literal, or the body it stands in. */
static void literal(struct sql *sql, str value, const char *type)
{
        if (str_absent(value)) {
                sql_add(sql, "null::");
        } else {
                sql_add(sql, "convert_from(decode('");
                buf_add(&sql->text, crypto_hex(sql->cx->mem, (const uint8_t *)value.p, value.n));
                sql_add(sql, "', 'hex'), 'UTF8')::");
        }
        buf_add(&sql->text, str_of(type));
}

void sql_arg(struct sql *sql, str value, const char *type)
{
        if (sql->literal) {
                literal(sql, value, type);
                return;
        }
        if (sql->count == SQL_ARGS_MAX) {
                sql->many = true;
                return;
        }
        sql->args[sql->count++] = value;
        buf_char(&sql->text, '$');
        buf_int(&sql->text, (int64_t)sql->count);
        sql_add(sql, "::");
        buf_add(&sql->text, str_of(type));
}

void sql_value(struct sql *sql, const struct item *item, str stored)
{
        sql_arg(sql, stored, item_pg_type(item));
}

rc sql_run(struct sql *sql, struct rows **ret)
{
        if (sql->many || buf_full(&sql->text))
                return fail(sql->cx, RC_TOO_LARGE, NULL, "this asks for too much at once");
        return db_run(sql->cx, buf_str(&sql->text), sql->args, sql->count, ret);
}

void sql_columns(struct sql *sql, const struct definition *def, bool list_only)
{
        sql_add(sql, "r.id, r.version, r.created_at, r.created_by, r.updated_at, r.updated_by, r.origin");
        for (size_t i = 0; i < def->item_count; i++)
                if (sql_visible(sql->cx, &def->items[i]) && (!list_only || sql_listed(&def->items[i]))) {
                        sql_add(sql, ", ");
                        sql_column(sql, &def->items[i]);
                }
}

/* DDL
 * ------------------------------------------------------------------------------------------------------------------------------------------
 */

/* "t_acme", "t_acme_masked" */
static void role(struct sql *sql, const char *suffix)
{
        sql_names(sql, "t_", sql->cx->tenant, suffix);
}

/* "r_customers_email_key" */
static void item_name(struct sql *sql, const struct definition *def, const struct item *item, const char *suffix)
{
        sql_names(sql, "r_", str_format(sql->cx->mem, "%.*s_%.*s", STR_ARG(def->name), STR_ARG(item->name)), suffix);
}

/* The column of an item behind its name. New columns of a table with records cannot be not null. */
static void column_type(struct sql *sql, const struct definition *def, const struct item *item, bool may_refuse_null)
{
        if (item->type == ITEM_DECIMAL)
                buf_format(&sql->text, "numeric(%d,%d)", 15 + (int)item->scale, (int)item->scale);
        else
                buf_add(&sql->text, str_of(item_pg_type(item)));
        if (item->required && may_refuse_null)
                sql_add(sql, " not null");
        if (item->type == ITEM_REFERENCE) {
                sql_add(sql, " constraint ");
                item_name(sql, def, item, "_fkey");
                sql_add(sql, " references ");
                real_table(sql, item->reference);
                /* entries of a history belong to their master and go with it; other references only point */
                buf_add(&sql->text, str_of(item == def->master            ? " (id) on delete cascade"
                                           : item->required || item->kept ? " (id)"
                                                                          : " (id) on delete set null"));
        }
}

static void column(struct sql *sql, const struct definition *def, const struct item *item, bool may_refuse_null)
{
        sql_name(sql, item->name);
        sql_add(sql, " ");
        column_type(sql, def, item, may_refuse_null);
}

void sql_column_beside(struct sql *sql, const struct definition *def, const struct item *item)
{
        sql_names(sql, "_new_", item->name, "");
        sql_add(sql, " ");
        column_type(sql, def, item, false);
}

static void alter(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "alter table ");
        real_table(sql, def->name);
        sql_add(sql, " ");
}

void sql_create_table(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "create table ");
        real_table(sql, def->name);
        sql_add(sql, " (id bigint generated always as identity primary key, version bigint not null default 1, "
                     "created_at timestamptz not null default daicho.clock(), created_by text not null default "
                     "coalesce(current_setting('daicho.actor', true), ''), "
                     "updated_at timestamptz not null default daicho.clock(), updated_by text not null default "
                     "coalesce(current_setting('daicho.actor', true), ''), "
                     "origin bigint");
        for (size_t i = 0; i < def->item_count; i++) {
                if (!item_stored(&def->items[i]))
                        continue;
                sql_add(sql, ", ");
                column(sql, def, &def->items[i], true);
        }
        /* room on each page, so that an update finds it without touching the search index */
        sql_add(sql, ") with (fillfactor = 85);\n");
}

void sql_add_column(struct sql *sql, const struct definition *def, const struct item *item)
{
        if (!item_stored(item))
                return;
        alter(sql, def);
        sql_add(sql, "add column ");
        column(sql, def, item, false);
        sql_add(sql, ";\n");
}

void sql_drop_column(struct sql *sql, const struct definition *def, const struct item *item)
{
        if (!item_stored(item))
                return;
        alter(sql, def);
        sql_add(sql, "drop column ");
        sql_name(sql, item->name);
        sql_add(sql, ";\n");
}

static void constraint_rename(struct sql *sql, const struct definition *def, const struct item *was, const struct item *item, const char *suffix)
{
        alter(sql, def);
        sql_add(sql, "rename constraint ");
        item_name(sql, def, was, suffix);
        sql_add(sql, " to ");
        item_name(sql, def, item, suffix);
        sql_add(sql, ";\n");
}

void sql_rename_column(struct sql *sql, const struct definition *def, const struct item *was, const struct item *item, bool indexed)
{
        alter(sql, def);
        sql_add(sql, "rename column ");
        sql_name(sql, was->name);
        sql_add(sql, " to ");
        sql_name(sql, item->name);
        sql_add(sql, ";\n");
        if (was->unique)
                constraint_rename(sql, def, was, item, "_key");
        if (was->type == ITEM_REFERENCE)
                constraint_rename(sql, def, was, item, "_fkey");
        if (indexed) {
                sql_add(sql, "alter index tenant.");
                item_name(sql, def, was, "_idx");
                sql_add(sql, " rename to ");
                item_name(sql, def, item, "_idx");
                sql_add(sql, ";\n");
        }
}

void sql_reference(struct sql *sql, const struct definition *def, const struct item *item, bool add)
{
        alter(sql, def);
        buf_add(&sql->text, add ? S("add constraint ") : S("drop constraint "));
        item_name(sql, def, item, "_fkey");
        if (add) {
                sql_add(sql, " foreign key (");
                sql_name(sql, item->name);
                sql_add(sql, ") references ");
                real_table(sql, item->reference);
                buf_add(&sql->text, str_of(item->required || item->kept ? " (id)" : " (id) on delete set null"));
        }
        sql_add(sql, ";\n");
}

void sql_unique(struct sql *sql, const struct definition *def, const struct item *item, bool add)
{
        alter(sql, def);
        if (add)
                sql_add(sql, "add constraint ");
        else
                sql_add(sql, "drop constraint ");
        item_name(sql, def, item, "_key");
        if (add) {
                sql_add(sql, " unique (");
                sql_name(sql, item->name);
                sql_add(sql, ")");
        }
        sql_add(sql, ";\n");
}

/* With the id behind it: lists sorted by the item page along this index. Several choices: by each of them. */
void sql_index(struct sql *sql, const struct definition *def, const struct item *item, bool add)
{
        if (!add) {
                sql_add(sql, "drop index tenant.");
                item_name(sql, def, item, "_idx");
                sql_add(sql, ";\n");
                return;
        }
        sql_add(sql, "create index ");
        item_name(sql, def, item, "_idx");
        sql_add(sql, " on ");
        real_table(sql, def->name);
        buf_add(&sql->text, item->type == ITEM_CHOICES ? S(" using gin (") : S(" ("));
        sql_name(sql, item->name);
        buf_add(&sql->text, item->type == ITEM_CHOICES ? S(");\n") : S(", id);\n"));
}

void sql_required(struct sql *sql, const struct definition *def, const struct item *item, bool set)
{
        alter(sql, def);
        sql_add(sql, "alter column ");
        sql_name(sql, item->name);
        buf_add(&sql->text, set ? S(" set not null;\n") : S(" drop not null;\n"));
}

void sql_search(struct sql *sql, const struct definition *def, bool add)
{
        alter(sql, def);
        if (!add) {
                sql_add(sql, "drop column search_text;\n");
                return;
        }
        sql_add(sql, "add column search_text");
        search_column(sql, def);
        sql_add(sql, ";\ncreate index ");
        sql_names(sql, "r_", def->name, "_search_idx");
        sql_add(sql, " on ");
        real_table(sql, def->name);
        search_index(sql);
        sql_add(sql, ";\n");
}

void sql_views_drop(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "drop view if exists tenant.");
        sql_names(sql, "m_", def->name, "");
        sql_add(sql, ", tenant.");
        sql_names(sql, "mc_", def->name, "");
        sql_add(sql, ";\n");
}

static void grant(struct sql *sql, const char *what, const char *prefix, str name, const char *suffix)
{
        sql_add(sql, "grant ");
        buf_add(&sql->text, str_of(what));
        sql_add(sql, " on tenant.");
        sql_names(sql, prefix, name, "");
        sql_add(sql, " to ");
        role(sql, suffix);
        sql_add(sql, ";\n");
}

/* What masked accounts see: the same rows without personal columns, and the same history without personal items. */
static void masked_views(struct sql *sql, const struct definition *def)
{
        sql_add(sql, "create view tenant.");
        sql_names(sql, "m_", def->name, "");
        sql_add(sql, " with (security_barrier) as select id, version, created_at, created_by, updated_at, updated_by, origin");
        for (size_t i = 0; i < def->item_count; i++)
                if (!def->items[i].personal && item_stored(&def->items[i])) {
                        sql_add(sql, ", ");
                        sql_name(sql, def->items[i].name);
                }
        sql_add(sql, " from ");
        real_table(sql, def->name);
        sql_add(sql, ";\ncreate view tenant.");
        sql_names(sql, "mc_", def->name, "");
        sql_add(sql, " with (security_barrier) as select c.id, c.register, c.record, c.version, c.at, c.actor, c.job, "
                     "c.deleted, "
                     "(select coalesce(jsonb_object_agg(o.key, case when o.key = any (array['-'");
        for (size_t i = 0; i < def->item_count; i++)
                if (!def->items[i].personal && item_stored(&def->items[i])) {
                        sql_add(sql, ", '");
                        name_part(sql, def->items[i].name);
                        sql_add(sql, "'");
                }
        /* what is not known to be harmless (an item dropped since) counts as personal */
        sql_add(sql, "]) then o.value else '{\"masked\": true}' end), '{}') from jsonb_each(c.old) o) as old from "
                     "tenant.change c where c.register = ");
        buf_int(&sql->text, def->id);
        sql_add(sql, ";\n");
        grant(sql, "select, insert, update, delete", "m_", def->name, "_masked");
        grant(sql, "select", "mc_", def->name, "_masked");
}

/* A function takes at most 100 arguments: concat_ws in chunks of 50. */
static void chunk(struct sql *sql, size_t i)
{
        if (i > 0 && i % 50 == 0)
                sql_add(sql, "), '')");
        if (i % 50 == 0)
                sql_add(sql, ",\nnullif(concat_ws(','");
}

/* One function a register: knows its columns, so that it need not take every row apart as JSON. */
static void change_function(struct sql *sql, const struct definition *def)
{
        size_t n = 0;

        sql_add(sql, "create or replace function tenant.");
        sql_names(sql, "c_", def->name, "");
        sql_add(sql, "() returns trigger language plpgsql security definer set search_path = pg_catalog as $daicho$\nbegin\n"
                     "if tg_op = 'UPDATE' then\n"
                     "insert into tenant.change (register, record, version, actor, job, old) "
                     "select ");
        buf_int(&sql->text, def->id);
        sql_add(sql, ", x.id, x.version, coalesce(current_setting('daicho.actor', true), ''), "
                     "nullif(current_setting('daicho.job', true), '')::bigint, ('{' || x.old || '}')::jsonb\n"
                     "from (select b.id, b.version, concat_ws(','");
        for (size_t i = 0; i < def->item_count; i++) {
                str name = def->items[i].name;

                if (!item_stored(&def->items[i]))
                        continue;
                chunk(sql, n++);
                sql_add(sql, ",\ncase when a.");
                sql_name(sql, name);
                sql_add(sql, " is distinct from b.");
                sql_name(sql, name);
                sql_add(sql, " then '\"");
                name_part(sql, name);
                sql_add(sql, "\":' || coalesce(to_json(b.");
                sql_name(sql, name);
                sql_add(sql, ")::text, 'null') end");
        }
        sql_add(sql, "), '')) as old from before b join after a on a.id = b.id) x where x.old <> '';\n"
                     "else\ninsert into tenant.change (register, record, version, actor, job, deleted, made, old) select ");
        buf_int(&sql->text, def->id);
        sql_add(sql, ", b.id, b.version, coalesce(current_setting('daicho.actor', true), ''), "
                     "nullif(current_setting('daicho.job', true), '')::bigint, true, jsonb_build_object('created_at', b.created_at, "
                     "'created_by', b.created_by, 'origin', b.origin), ('{' || concat_ws(','");
        n = 0;
        for (size_t i = 0; i < def->item_count; i++) {
                if (!item_stored(&def->items[i]))
                        continue;
                chunk(sql, n++);
                sql_add(sql, ",\n'\"");
                name_part(sql, def->items[i].name);
                sql_add(sql, "\":' || to_json(b.");
                sql_name(sql, def->items[i].name);
                sql_add(sql, ")::text");
        }
        sql_add(sql, "), '')) || '}')::jsonb from before b;\nend if;\nreturn null;\nend\n$daicho$;\nrevoke execute on "
                     "function tenant.");
        sql_names(sql, "c_", def->name, "");
        sql_add(sql, "() from public;\n");
}

static void change_trigger(struct sql *sql, const struct definition *def, const char *name, const char *event)
{
        sql_add(sql, "create or replace trigger ");
        buf_add(&sql->text, str_of(name));
        sql_add(sql, " after ");
        buf_add(&sql->text, str_of(event));
        sql_add(sql, " on ");
        real_table(sql, def->name);
        buf_add(&sql->text,
                str_of(strcmp(event, "update") == 0 ? " referencing old table as before new table as after" : " referencing old table as before"));
        sql_add(sql, " for each statement execute function tenant.");
        sql_names(sql, "c_", def->name, "");
        sql_add(sql, "();\n");
}

/* Who wrote a record. Updates are looked at once a statement: a trigger before each row would lock each row once more. */
static void actor_trigger(struct sql *sql, const struct definition *def, const char *name, const char *event, const char *then)
{
        sql_add(sql, "create or replace trigger actor_");
        buf_add(&sql->text, str_of(name));
        buf_add(&sql->text, str_of(event));
        sql_add(sql, " on ");
        real_table(sql, def->name);
        buf_add(&sql->text, str_of(then));
        sql_add(sql, " execute function daicho.record_actor();\n");
}

static void actor_triggers(struct sql *sql, const struct definition *def)
{
        actor_trigger(sql, def, "insert", " before insert",
                      " for each row when (new.created_by is distinct from coalesce(current_setting('daicho.actor', true), '') or "
                      "new.updated_by is distinct from coalesce(current_setting('daicho.actor', true), ''))");
        actor_trigger(sql, def, "made", " before update of created_by", " for each row");
        actor_trigger(sql, def, "update", " after update", " referencing old table as before new table as after for each statement");
}

void sql_views(struct sql *sql, const struct definition *def)
{
        masked_views(sql, def);
        grant(sql, "select, insert, update, delete", "r_", def->name, "");
        change_function(sql, def);
        change_trigger(sql, def, "change_update", "update");
        change_trigger(sql, def, "change_delete", "delete");
        actor_triggers(sql, def);
}
