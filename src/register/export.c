/* export.c - see export.h. The database gives rows in COPY's text form, export_file.c writes them. Memory: one row and one piece. A condition has parameters,
 * which COPY does not take: its ids are put aside first. */
#include "base/house.h"

#include "register/export.h"

#include "base/charset.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/condition_facts.h"
#include "register/export_file.h"
#include "register/item.h"
#include "register/sql.h"

#include <unistd.h>

enum { TELL_EVERY = 2048 };

struct export
{
        struct cx *cx;
        struct job *job;
        const struct definition *def;
        const struct item **items;
        size_t count;
        struct condition *condition;
        struct search_word words[SEARCH_WORDS_MAX];
        size_t word_count;
        enum charset set;
        enum export_format format;
        bool ask; /* what CP932 does not have is shown before there is a file */
        struct export_file *file;
        str *values; /* of one row */
        int64_t rows, total;
};

/* The statement -------------------------------------------------------------------------------------------------------------------- */

/* References are written as the key of their record, where the account may see it. */
static rc reference_key(struct cx *cx, const struct item *item, const struct definition **ret_to)
{
        *ret_to = NULL;
        if (item->type != ITEM_REFERENCE)
                return RC_OK;
        TRY(definition_get(cx, item->reference, ret_to));
        if ((*ret_to)->key == NULL || !sql_visible(cx, (*ret_to)->key) || !permission_held_for(cx, PERM_RECORD_READ, (*ret_to)->name))
                *ret_to = NULL;
        return RC_OK;
}

/* Some of the records, or all? */
static bool chosen(const struct export *ex)
{
        return ex->condition != NULL || ex->word_count > 0;
}

/* Accounts are written as their log-in name. */
static void account_column(struct sql *sql, struct sql *joins, const struct item *item, size_t i)
{
        sql_add(sql, "j");
        sql_int(sql, (int64_t)i);
        sql_add(sql, ".filed");
        sql_add(joins, " left join daicho.account_named j");
        sql_int(joins, (int64_t)i);
        sql_add(joins, " on j");
        sql_int(joins, (int64_t)i);
        sql_add(joins, ".id = ");
        sql_column(joins, item);
}

static rc copy_statement(struct export *ex, str *ret)
{
        struct cx *cx = ex->cx;
        struct sql *sql = sql_open(cx), *joins = sql_open(cx);

        sql_add(sql, "copy (select r.id");
        for (size_t i = 0; i < ex->count; i++) {
                const struct definition *to;

                TRY(reference_key(cx, ex->items[i], &to));
                sql_add(sql, ", ");
                if (ex->items[i]->type == ITEM_ACCOUNT) {
                        account_column(sql, joins, ex->items[i], i);
                        continue;
                }
                if (to == NULL) {
                        sql_column(sql, ex->items[i]);
                        continue;
                }
                sql_add(sql, "j");
                sql_int(sql, (int64_t)i);
                sql_add(sql, ".");
                sql_name(sql, to->key->name);
                sql_add(joins, " left join ");
                sql_table(joins, to);
                sql_add(joins, " j");
                sql_int(joins, (int64_t)i);
                sql_add(joins, " on j");
                sql_int(joins, (int64_t)i);
                sql_add(joins, ".id = ");
                sql_column(joins, ex->items[i]);
        }
        sql_add(sql, " from ");
        sql_table(sql, ex->def);
        sql_add(sql, " r");
        if (chosen(ex))
                sql_add(sql, " join pg_temp.export_id e on e.id = r.id");
        buf_add(&sql->text, buf_str(&joins->text));
        sql_add(sql, " order by r.id) to stdout");
        must(!buf_full(&sql->text) && sql->count == 0);
        *ret = buf_str(&sql->text);
        return RC_OK;
}

static rc put_ids_aside(struct export *ex)
{
        struct cx *cx = ex->cx;
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        db_queue(cx, S("create temporary table export_id (id bigint not null) on commit drop"), NULL, 0);
        sql_add(sql, "insert into pg_temp.export_id select r.id from ");
        sql_table(sql, ex->def);
        sql_add(sql, " r where ");
        if (ex->condition != NULL)
                condition_sql(sql, ex->condition);
        if (ex->condition != NULL && ex->word_count > 0)
                sql_add(sql, " and ");
        if (ex->word_count > 0)
                search_terms(sql, ex->def, ex->words, ex->word_count);
        TRY(sql_run(sql, &rows));
        ex->total = (int64_t)rows_changed(rows);
        return db_run(cx, S("analyze pg_temp.export_id"), NULL, 0, NULL);
}

/* For the bar only. */
static rc estimate(struct export *ex)
{
        struct sql *sql = sql_open(ex->cx);
        struct rows *rows;

        sql_add(sql, "select a.about from daicho.register_about(array[");
        sql_arg(sql, ex->def->name, "text");
        sql_add(sql, "]) a");
        TRY(sql_run(sql, &rows));
        ex->total = rows_count(rows) > 0 ? rows_int(rows, 0, 0) : 0;
        return RC_OK;
}

/* Rows ----------------------------------------------------------------------------------------------------------------------------- */

/* One value of COPY's text form off the front of *row; absent: null. What COPY has escaped is undone in place: it only becomes shorter. */
static str value_take(str *row)
{
        const char *p = row->p, *end = row->p + row->n, *at = p;
        char *to;
        str value;

        while (at < end && *at != '\t' && *at != '\\')
                at++;
        to = (char *)(uintptr_t)at;
        if (at + 1 < end && at == p && at[0] == '\\' && at[1] == 'N') {
                value = STR_NONE;
                at += 2;
        } else {
                while (at < end && *at != '\t') {
                        char c = *at++;

                        if (c == '\\' && at < end) {
                                c = *at++;
                                c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == 'b' ? '\b' : c == 'f' ? '\f' : c == 'v' ? '\v' : c;
                        }
                        *to++ = c;
                }
                value = (str){ p, (size_t)(to - p) };
        }
        at += at < end;
        *row = (str){ at, (size_t)(end - at) };
        return value;
}

static rc put_row(struct export *ex, str row)
{
        int64_t record = 0;

        if (row.n > 0 && row.p[row.n - 1] == '\n')
                row.n--;
        must(str_int(value_take(&row), &record));
        for (size_t i = 0; i < ex->count; i++)
                ex->values[i] = value_take(&row);
        ex->rows++;
        return export_file_row(ex->file, record, ex->values);
}

static rc put_rows(struct export *ex)
{
        struct cx *cx = ex->cx;
        str statement, row;

        TRY(copy_statement(ex, &statement));
        TRY(db_copy_out(cx, statement));
        for (;;) {
                TRY(db_copy_read(cx, &row));
                if (str_absent(row))
                        return export_file_close(ex->file);
                TRY(put_row(ex, row));
                if (ex->rows % TELL_EVERY == 0)
                        TRY(job_progress(cx, ex->job, ex->rows, ex->total > ex->rows ? ex->total : ex->rows, "job.step.file"));
        }
}

/* The job -------------------------------------------------------------------------------------------------------------------------- */

static rc choose_items(struct cx *cx, const struct definition *def, const json_t *names, const struct item ***ret, size_t *ret_count)
{
        const struct item **items = NEW_ARRAY(cx->mem, const struct item *, def->item_count + 1);
        size_t count = 0;

        if (json_array_size(names) == 0) {
                for (size_t i = 0; i < def->item_count; i++)
                        if (sql_visible(cx, &def->items[i]))
                                items[count++] = &def->items[i];
        }
        for (size_t i = 0; i < json_array_size(names); i++) {
                str name = json_text(json_array_get(names, i));
                const struct item *item = definition_item_ever(def, name);

                if (item == NULL || !sql_visible(cx, item))
                        return fail(cx, RC_INVALID, "items", "there is no item \"%.*s\" here that this account may see", STR_ARG(name));
                for (size_t k = 0; k < count; k++)
                        if (items[k] == item)
                                return fail(cx, RC_INVALID, "items", "the item \"%.*s\" was chosen twice", STR_ARG(name));
                items[count++] = item;
        }
        if (count == 0)
                return fail(cx, RC_FORBIDDEN, NULL, "this account may see none of the items of this register");
        *ret = items;
        *ret_count = count;
        return RC_OK;
}

static enum item_label strictest(const struct item **items, size_t count)
{
        enum item_label found = ITEM_PUBLIC;

        for (size_t i = 0; i < count; i++)
                if (items[i]->classification > found)
                        found = items[i]->classification;
        return found;
}

/* What nobody may keep on a device of their own, by name. */
static rc contact_check(struct cx *cx, const struct item **items, size_t count)
{
        struct buf b = buf_open(cx->mem, KB(4));

        for (size_t i = 0; i < count; i++) {
                if (items[i]->classification <= ITEM_CONTACT)
                        continue;
                if (buf_str(&b).n > 0)
                        buf_add(&b, cx->lang == LANG_EN ? S(", ") : S("、"));
                buf_add(&b, items[i]->title[cx->lang]);
        }
        if (buf_str(&b).n == 0)
                return RC_OK;
        return fail(cx, RC_FORBIDDEN, "items", "to a device of one's own only contact details are exported; in the way: %.*s", STR_ARG(buf_str(&b)));
}

static rc choose_charset(struct cx *cx, str name, enum charset *ret)
{
        *ret = CHARSET_UTF8;
        if (str_empty(name) || (charset_find(name, ret) && !charset_wide(*ret)))
                return RC_OK;
        return fail(cx, RC_INVALID, "encoding", "must be utf-8 or cp932");
}

static rc choose_format(struct cx *cx, str name, enum export_format *ret)
{
        *ret = EXPORT_CSV;
        return str_empty(name) || export_file_format_find(name, ret) ? RC_OK : fail(cx, RC_INVALID, "format", "must be one of: %s", "csv xlsx jsonl");
}

static rc open_file(struct export *ex)
{
        struct cx *cx = ex->cx;
        struct civil now = clock_tokyo(cx->now);
        const char *end = export_file_format_name(ex->format);

        ex->job->result_file = str_format(cx->mem, "result/%" PRId64 ".csv", ex->job->id); /* of each job, whatever it holds: by it files are found and erased */
        ex->job->result_name =
            str_format(cx->mem, "%.*s_%04d%02d%02d.%s", STR_ARG(ex->def->title[cx->lang]), now.date.year, now.date.month, now.date.day, end);
        TRY(file_directory(cx, file_store_path(cx->mem, S("result")), 0700));
        return export_file_open(cx, ex->format, ex->set, ex->def, ex->items, ex->count, file_store_path(cx->mem, ex->job->result_file), &ex->file);
}

/* Nothing is handed out before somebody has decided what stands in place of characters that CP932 does not have. */
static void hold(struct export *ex)
{
        (void)unlink(file_store_path(ex->cx->mem, ex->job->result_file));
        ex->job->result_file = ex->job->result_name = STR_NONE;
        ex->job->ready = true;
}

static void tell(struct export *ex, json_t *condition)
{
        json_t *result = json_object(), *names = json_array();
        struct cx *cx = ex->cx;

        for (size_t i = 0; i < ex->count; i++)
                json_array_append_new(names, json_str(ex->items[i]->name));
        (void)json_set(result, "rows", json_integer(ex->rows));
        (void)json_set(result, "columns", names);
        (void)json_set(result, "classification", json_string(item_label_name(strictest(ex->items, ex->count))));
        (void)json_set(result, "q", json_str(json_get_text(ex->job->args, "q")));
        (void)json_set(result, "sentence", ex->condition ? json_str(condition_sentence(cx, ex->condition)) : json_null());
        (void)json_set(result, "staged", json_boolean(ex->job->ready));
        export_file_tell(ex->file, result);
        ex->job->result = result;
        log_subject(cx, ex->def->name, 0);
        log_detail(cx, "rows", json_integer(ex->rows));
        log_detail(cx, "columns", json_incref(names));
        log_detail(cx, "classification", json_object_get(result, "classification"));
        if (json_object_get(ex->job->args, "device") != NULL)
                log_detail(cx, "device", json_object_get(ex->job->args, "device"));
        log_detail(cx, "format", json_string(export_file_format_name(ex->format)));
        log_detail(cx, "encoding", json_object_get(result, "encoding"));
        if (ex->job->ready)
                log_detail(cx, "staged", json_true());
        log_detail(cx, "condition", condition ? json_incref(condition) : json_null());
        if (condition_facts_means(ex->condition) != NULL)
                log_detail(cx, "segments", condition_facts_means(ex->condition));
        if (ex->word_count > 0)
                log_detail(cx, "q", json_object_get(ex->job->args, "q"));
}

rc export_run(struct cx *cx, struct job *job)
{
        struct export *ex = NEW(cx->mem, struct export);
        json_t *condition = json_object_get(job->args, "condition");

        *ex = (struct export){ .cx = cx, .job = job };
        TRY(definition_get(cx, job->register_name, &ex->def));
        TRY(choose_items(cx, ex->def, json_object_get(job->args, "items"), &ex->items, &ex->count));
        if (json_is_true(json_object_get(job->args, "own"))) /* the definition may be another by now */
                TRY(contact_check(cx, ex->items, ex->count));
        TRY(choose_charset(cx, json_get_text(job->args, json_is_true(json_object_get(job->args, "apply")) ? "answer" : "encoding"), &ex->set));
        TRY(choose_format(cx, json_get_text(job->args, "format"), &ex->format));
        ex->ask = json_is_true(json_object_get(job->args, "ask")) && !json_is_true(json_object_get(job->args, "apply"));
        TRY(condition_parse(cx, ex->def, condition, &ex->condition));
        if (!str_empty(json_get_text(job->args, "q")))
                TRY(search_words(cx, json_get_text(job->args, "q"), ex->words, &ex->word_count));
        ex->values = NEW_ARRAY(cx->mem, str, ex->count);
        TRY(open_file(ex));
        db_queue(cx, S("set local work_mem = '64MB'"), NULL, 0);
        TRY(chosen(ex) ? put_ids_aside(ex) : estimate(ex));
        TRY(job_progress(cx, job, 0, ex->total, "job.step.file"));
        TRY(put_rows(ex));
        if (ex->ask && export_file_replaced(ex->file) > 0)
                hold(ex);
        tell(ex, condition);
        return RC_OK;
}

rc export_start(struct cx *cx, const struct export_order *order, int64_t *ret_job)
{
        const struct definition *def;
        const struct item **items;
        struct condition *condition;
        json_t *args = json_object(), *names = json_array(), *json;
        enum export_format format;
        enum charset set;
        size_t count;

        TRY(definition_get(cx, order->register_name, &def));
        for (size_t i = 0; i < order->item_count; i++)
                json_array_append_new(names, json_str(order->items[i]));
        TRY(choose_items(cx, def, names, &items, &count));
        if (order->own)
                TRY(contact_check(cx, items, count));
        for (size_t i = 0; order->own && order->item_count == 0 && i < count; i++)
                json_array_append_new(names, json_str(items[i]->name)); /* the database looks at each */
        TRY(choose_charset(cx, order->encoding, &set));
        TRY(choose_format(cx, order->format, &format));
        TRY(condition_read(cx, def, order->condition, &condition, &json));
        (void)json_set(args, "items", names);
        if (order->own)
                (void)json_set(args, "own", json_true());
        if (order->device != NULL)
                (void)json_set(args, "device", order->device);
        (void)json_set(args, "encoding", json_string(set == CHARSET_CP932 ? "cp932" : "utf-8"));
        (void)json_set(args, "format", json_string(export_file_format_name(format)));
        if (order->ask)
                (void)json_set(args, "ask", json_true());
        if (json != NULL)
                (void)json_set(args, "condition", json);
        if (!str_empty(str_trim(order->q)))
                (void)json_set(args, "q", json_str(order->q));
        TRY(job_add(cx, "export", def->name, args, ret_job));
        log_subject(cx, S("job"), *ret_job);
        log_detail(cx, "register", json_str(def->name));
        log_detail(cx, "classification", json_string(item_label_name(strictest(items, count))));
        if (order->device != NULL)
                log_detail(cx, "device", order->device);
        return RC_OK;
}

rc export_job(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id)
{
        json_t *job;

        TRY(job_get(cx, id, sight, &job));
        if (!str_is(json_get_text(job, "kind"), "export") || !str_equal(json_get_text(job, "register"), register_name))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such export");
        return RC_OK;
}

rc export_decide(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, str encoding)
{
        enum charset set;

        TRY(export_job(cx, sight, register_name, id));
        TRY(choose_charset(cx, str_empty(encoding) ? S("?") : encoding, &set)); /* an answer is not guessed */
        TRY(job_apply(cx, id, sight, set == CHARSET_CP932 ? S("cp932") : S("utf-8")));
        log_subject(cx, S("job"), id);
        log_detail(cx, "register", json_str(register_name));
        log_detail(cx, "encoding", json_string(charset_name(set)));
        return RC_OK;
}
