/* define_plan.c - see define_plan.h. Looks and counts; changes nothing. */
#include "base/house.h"

#include "register/define_plan.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "db/db.h"
#include "identity/permission.h"
#include "page/page.h"
#include "register/clock_trigger.h"
#include "register/define.sql.h"
#include "register/define_segments.h"
#include "register/definition_sentence.h"
#include "register/move_plan.h"
#include "register/move_trigger.h"
#include "register/round_plan.h"
#include "register/round_trigger.h"
#include "register/sql.h"

enum { VALUE_SHOWN = 60 };

/* Same items ------------------------------------------------------------------------------------------------------------------------- */

static const struct item *was_of(const struct definition *old, const struct definition *wanted, const struct item *item)
{
        const struct item *was = old ? definition_item(old, item->name) : NULL;

        for (size_t i = 0; old != NULL && was == NULL && i < item->formerly_count; i++)
                if (definition_item(wanted, item->formerly[i]) == NULL)
                        was = definition_item(old, item->formerly[i]);
        return was;
}

const struct item *define_plan_becomes(const struct definition *old, const struct definition *wanted, const struct item *was)
{
        for (size_t i = 0; i < wanted->item_count; i++)
                if (was_of(old, wanted, &wanted->items[i]) == was)
                        return &wanted->items[i];
        return NULL;
}

bool define_plan_searchable(const struct definition *def)
{
        for (size_t i = 0; def != NULL && i < def->item_count; i++)
                if (def->items[i].searchable)
                        return true;
        return false;
}

bool define_plan_indexed(const struct definition *def, const struct item *item)
{
        return !item->unique && (item->indexed || item == def->master);
}

static bool sentence_retyped(const struct define_plan *p, const struct item *item)
{
        for (size_t i = 0; i < item->part_count; i++)
                if (p->items[item->parts[i].item->number].retype)
                        return true;
        return false;
}

/* Do both definitions search the same items in the same order? A value that is converted is another one. */
static bool search_same(const struct define_plan *p)
{
        const struct definition *a = p->old, *b = p->wanted;
        size_t i = 0, j = 0;

        for (;; i++, j++) {
                while (i < a->item_count && !a->items[i].searchable)
                        i++;
                while (j < b->item_count && !b->items[j].searchable)
                        j++;
                if (i == a->item_count || j == b->item_count)
                        return i == a->item_count && j == b->item_count;
                if (p->items[j].was != &a->items[i] || p->items[j].retype || a->items[i].joined != b->items[j].joined ||
                    !definition_sentence_same(&a->items[i], &b->items[j]) || sentence_retyped(p, &b->items[j]))
                        return false;
        }
}

/* Types ------------------------------------------------------------------------------------------------------------------------------ */

/* What is written as a text can be read as another type. */
static bool convertible(enum item_type type)
{
        switch (type) {
        case ITEM_TEXT:
        case ITEM_KANA:
        case ITEM_EMAIL:
        case ITEM_TELEPHONE:
        case ITEM_POSTAL_CODE:
        case ITEM_URL:
        case ITEM_INTEGER:
        case ITEM_DECIMAL:
        case ITEM_DATE:
        case ITEM_DATETIME:
        case ITEM_BOOLEAN:
        case ITEM_CHOICE:
        case ITEM_CHOICES: return true;
        default: return false;
        }
}

/* 1.50 is 1.5 and 2.00 is 2: zeros are no decimal places. */
static str zeros_cut(str s)
{
        bool point = false;

        for (size_t i = 0; i < s.n; i++)
                point = point || s.p[i] == '.';
        while (point && s.n > 1 && s.p[s.n - 1] == '0')
                s.n--;
        if (point && s.n > 1 && s.p[s.n - 1] == '.')
                s.n--;
        return s;
}

enum item_reason define_plan_convert(struct arena *mem, enum lang lang, const struct item *from, const struct item *to, str stored, str *ret)
{
        struct item loose = *to;
        str text = item_write(mem, lang, from, stored);

        loose.required = false;
        if (from->type == ITEM_DECIMAL)
                text = zeros_cut(text);
        if (from->type == ITEM_DATETIME && to->type == ITEM_DATE && text.n > 10)
                text.n = 10;
        if (from->type == ITEM_DATE && to->type == ITEM_DATETIME)
                text = str_format(mem, "%.*s 00:00", STR_ARG(text));
        return item_read(mem, &loose, text, ret);
}

static bool retypes(const struct item *was, const struct item *item)
{
        return was->type != item->type || was->scale != item->scale;
}

static rc types_check(struct cx *cx, const struct item *was, const struct item *item)
{
        if (was->type == ITEM_REFERENCE && item->type == ITEM_REFERENCE && !str_equal(was->reference, item->reference))
                return fail(cx, RC_INVALID, item->name.p, "refers to another register already; add a new item instead");
        if (retypes(was, item) && !(convertible(was->type) && convertible(item->type)))
                return fail(cx, RC_INVALID, item->name.p, "is of type %s and cannot become %s; add a new item instead", item_type_name(was->type),
                            item_type_name(item->type));
        return RC_OK;
}

/* Counting --------------------------------------------------------------------------------------------------------------------------- */

static rc values_count(struct cx *cx, const struct definition *def, const struct item *item, int64_t *ret)
{
        struct sql *sql = sql_open(cx);
        struct rows *rows;

        sql_add(sql, "select count(*) from ");
        sql_table(sql, def);
        sql_add(sql, " r where ");
        sql_column(sql, item);
        sql_add(sql, " is not null");
        TRY(sql_run(sql, &rows));
        *ret = rows_int(rows, 0, 0);
        return RC_OK;
}

static rc values_read(struct cx *cx, const struct definition *def, const struct item *item, int64_t after, struct rows **ret)
{
        struct sql *sql = sql_open(cx);

        sql_add(sql, "select r.id, ");
        sql_column(sql, item);
        sql_add(sql, "::text from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.id > ");
        sql_arg(sql, db_int(cx, after), "bigint");
        sql_add(sql, " and ");
        sql_column(sql, item);
        sql_add(sql, " is not null order by r.id limit ");
        sql_int(sql, DEFINE_STEP);
        return sql_run(sql, ret);
}

static json_t *unfit_model(struct cx *cx, const struct item *to, int64_t record, str value, enum item_reason reason)
{
        json_t *m = json_object();

        (void)json_set(m, "record", json_integer(record));
        (void)json_set(m, "value", json_str(utf8_head(value, VALUE_SHOWN)));
        return json_set(m, "reason", json_str(item_reason_text(cx, to, reason)));
}

/* Every value is tried, in pieces, so that memory does not grow with the table. */
static rc values_try(struct cx *cx, const struct define_plan *p, const struct item *item, json_t *first)
{
        struct define_item *d = &p->items[item->number];
        int64_t after = 0;
        size_t count;

        do {
                struct arena_mark mark = arena_mark(cx->mem);
                struct rows *rows;
                size_t unfit[DEFINE_TOLD], unfit_count = 0;

                TRY(values_read(cx, p->old, d->was, after, &rows));
                count = rows_count(rows);
                for (size_t i = 0; i < count; i++) {
                        struct arena_mark one = arena_mark(cx->mem);
                        str value;

                        if (define_plan_convert(cx->mem, cx->lang, d->was, item, rows_text(rows, i, 1), &value) != ITEM_FINE) {
                                d->unfit++;
                                if (json_array_size(first) + unfit_count < DEFINE_TOLD)
                                        unfit[unfit_count++] = i;
                        }
                        after = rows_int(rows, i, 0);
                        arena_rewind(cx->mem, one);
                }
                d->values += (int64_t)count;
                for (size_t i = 0; i < unfit_count; i++) {
                        str value, text = rows_text(rows, unfit[i], 1);
                        enum item_reason reason = define_plan_convert(cx->mem, cx->lang, d->was, item, text, &value);

                        json_array_append_new(
                            first, unfit_model(cx, item, rows_int(rows, unfit[i], 0), item_write(cx->mem, cx->lang, d->was, text), reason));
                }
                if (unfit_count == 0)
                        arena_rewind(cx->mem, mark);
        } while (count == DEFINE_STEP);
        return RC_OK;
}

/* The plan in sentences -------------------------------------------------------------------------------------------------------------- */

static void say(struct define_plan *p, bool loses, str text)
{
        json_t *m = json_object();

        (void)json_set(m, "text", json_str(text));
        (void)json_set(m, "loses", json_boolean(loses));
        json_array_append_new(json_object_get(p->model, "lines"), m);
}

static void loses(struct define_plan *p, int64_t count)
{
        (void)json_set(p->model, "loses", json_boolean(count > 0 || json_is_true(json_object_get(p->model, "loses"))));
        (void)json_set(p->model, "lost", json_integer(json_integer_value(json_object_get(p->model, "lost")) + count));
}

static str type_title(struct cx *cx, const struct item *item)
{
        str title = page_text(cx->lang, str_format(cx->mem, "type.%s", item_type_name(item->type)).p);

        if (item->type != ITEM_DECIMAL)
                return title;
        return str_format(cx->mem, cx->lang == LANG_JA ? "%.*s（小数点以下%lld桁）" : "%.*s (%lld decimal places)", STR_ARG(title),
                          (long long)item->scale);
}

static json_t *named(struct cx *cx, const struct item *item)
{
        json_t *m = json_object();

        (void)json_set(m, "name", json_str(item->name));
        return json_set(m, "title", json_str(item->title[cx->lang]));
}

static void list_add(struct define_plan *p, const char *list, json_t *one)
{
        json_array_append_new(json_object_get(p->model, list), one);
}

static bool choices_same(const struct item *a, const struct item *b)
{
        if (a->choice_count != b->choice_count)
                return false;
        for (size_t i = 0; i < a->choice_count; i++)
                for (int l = 0; l < LANG_END; l++)
                        if (!str_equal(a->choices[i].value, b->choices[i].value) || !str_equal(a->choices[i].title[l], b->choices[i].title[l]))
                                return false;
        return true;
}

static bool text_same(str a, str b)
{
        return (str_absent(a) && str_absent(b)) || (!str_absent(a) && !str_absent(b) && str_equal(a, b));
}

static bool fills_same(const struct item *a, const struct item *b)
{
        for (int i = 0; i < FILLS; i++)
                if ((a->fills[i] == NULL) != (b->fills[i] == NULL) || (a->fills[i] != NULL && !str_equal(a->fills[i]->name, b->fills[i]->name)))
                        return false;
        return true;
}

static json_t *changes_of(const struct item *a, const struct item *b)
{
        json_t *what = json_array();
        bool other = a->type != b->type;
        const struct {
                const char *word;
                bool changed;
        } list[] = {
                { "title", !str_equal(a->title[0], b->title[0]) || !str_equal(a->title[1], b->title[1]) },
                { "retired", a->retired != b->retired },
                { "required", a->required != b->required && a->retired == b->retired },
                { "unique", a->unique != b->unique },
                { "personal", a->personal != b->personal },
                { "classification", a->classification != b->classification },
                { "searchable", a->searchable != b->searchable || a->joined != b->joined },
                { "sentence", !definition_sentence_same(a, b) },
                { "indexed", a->indexed != b->indexed },
                { "limits", !other && (a->min != b->min || a->max != b->max || a->characters != b->characters || a->accept != b->accept) },
                { "choices", !other && !choices_same(a, b) },
                { "help", !text_same(a->help[0], b->help[0]) || !text_same(a->help[1], b->help[1]) },
                { "memo", !text_same(a->memo, b->memo) },
                { "fills", !fills_same(a, b) },
                { "merge", a->strictest != b->strictest },
                { "place", !text_same(a->section, b->section) || a->in_list != b->in_list },
        };

        for (size_t i = 0; i < COUNT(list); i++)
                if (list[i].changed)
                        json_array_append_new(what, json_string(list[i].word));
        return what;
}

static str words_said(struct cx *cx, const json_t *words)
{
        str all = S("");
        size_t i;
        json_t *word;

        json_array_foreach((json_t *)(uintptr_t)words, i, word) {
                str one = page_text(cx->lang, str_format(cx->mem, "plan.what.%s", json_string_value(word)).p);

                all = i == 0 ? one : str_format(cx->mem, cx->lang == LANG_JA ? "%.*s、%.*s" : "%.*s, %.*s", STR_ARG(all), STR_ARG(one));
        }
        return all;
}

static void added(struct cx *cx, struct define_plan *p, const struct item *item)
{
        bool ja = cx->lang == LANG_JA;
        str type = type_title(cx, item);

        list_add(p, "add", named(cx, item));
        if (p->old != NULL)
                say(p, false,
                    str_format(cx->mem,
                               ja ? "項目「%.*s」（%.*s、%.*s）を加えます。今あるレコードでは空です"
                                  : "Add \"%.*s\" (%.*s, %.*s); it is empty in the records there are",
                               STR_ARG(item->title[cx->lang]), STR_ARG(item->name), STR_ARG(type)));
}

static void returned(struct cx *cx, struct define_plan *p, const struct item *item)
{
        list_add(p, "back", named(cx, item));
        say(p, false,
            str_format(cx->mem,
                       cx->lang == LANG_JA ? "削除した項目「%.*s」（%.*s）を、値ごと元に戻します" : "Bring \"%.*s\" (%.*s) back with its values",
                       STR_ARG(item->title[cx->lang]), STR_ARG(item->name)));
}

static rc retyped(struct cx *cx, struct define_plan *p, const struct item *item, bool look)
{
        struct define_item *d = &p->items[item->number];
        json_t *m = named(cx, item), *first = json_array();
        str from = type_title(cx, d->was), to = type_title(cx, item);
        bool ja = cx->lang == LANG_JA;

        if (look)
                TRY(values_try(cx, p, item, first));
        (void)json_set(m, "from", json_string(item_type_name(d->was->type)));
        (void)json_set(m, "to", json_string(item_type_name(item->type)));
        (void)json_set(m, "was", json_str(d->was->name));
        (void)json_set(m, "values", json_integer(d->values));
        (void)json_set(m, "unfit", json_integer(d->unfit));
        (void)json_set(m, "first", first);
        list_add(p, "retype", m);
        say(p, false,
            str_format(cx->mem,
                       ja ? "項目「%.*s」を%.*sから%.*sに変えます（値%lld件を変換）"
                          : "Change \"%.*s\" from %.*s to %.*s (%lld values are converted)",
                       STR_ARG(item->title[cx->lang]), STR_ARG(from), STR_ARG(to), (long long)d->values));
        if (d->unfit > 0)
                say(p, true,
                    str_format(cx->mem,
                               ja ? "項目「%.*s」の値%lld件は、新しい型に合いません。空にするか、先に直してください"
                                  : "\"%.*s\": %lld values do not fit the new type; let them become empty, or repair them first",
                               STR_ARG(item->title[cx->lang]), (long long)d->unfit));
        loses(p, d->unfit);
        return RC_OK;
}

static rc gone(struct cx *cx, struct define_plan *p, const struct item *was, bool look)
{
        int64_t *records = &p->records[was->number];
        bool ja = cx->lang == LANG_JA;

        if (look && item_stored(was))
                TRY(values_count(cx, p->old, was, records));
        list_add(p, "drop", json_set(named(cx, was), "records", json_integer(*records)));
        say(p, *records > 0,
            str_format(cx->mem,
                       ja ? "項目「%.*s」（%.*s）を削除します。レコード%lld件の値がすぐに見えなくなり、%d日後に消えます"
                          : "Delete \"%.*s\" (%.*s): its values in %lld records go out of sight at once and are gone for good after %d days",
                       STR_ARG(was->title[cx->lang]), STR_ARG(was->name), (long long)*records, DEFINE_UNDO_DAYS));
        loses(p, *records);
        return RC_OK;
}

static rc kept(struct cx *cx, struct define_plan *p, const struct item *item, bool look)
{
        struct define_item *d = &p->items[item->number];
        json_t *what = changes_of(d->was, item);
        bool ja = cx->lang == LANG_JA;

        if (types_check(cx, d->was, item) != RC_OK)
                return RC_OK; /* all of them are told */
        d->retype = retypes(d->was, item);
        if (!str_equal(d->was->name, item->name)) {
                list_add(p, "rename", json_set(named(cx, item), "from", json_str(d->was->name)));
                say(p, false,
                    str_format(cx->mem,
                               ja ? "項目「%.*s」の名前を%.*sから%.*sに変えます。値も履歴も条件もそのままです"
                                  : "Rename \"%.*s\" from %.*s to %.*s; values, history and conditions stay",
                               STR_ARG(item->title[cx->lang]), STR_ARG(d->was->name), STR_ARG(item->name)));
        }
        if (d->retype)
                TRY(retyped(cx, p, item, look));
        if (json_array_size(what) > 0) {
                str words = words_said(cx, what);

                list_add(p, "change", json_set(named(cx, item), "what", what));
                say(p, false,
                    str_format(cx->mem, ja ? "項目「%.*s」を変えます: %.*s" : "Change \"%.*s\": %.*s", STR_ARG(item->title[cx->lang]),
                               STR_ARG(words)));
        }
        return RC_OK;
}

static void segments_lost(struct cx *cx, struct define_plan *p, json_t *list)
{
        static const char *const more[][LANG_END] = {
                { [LANG_JA] = "%.*s%zu件", [LANG_EN] = "%.*s %zu" },
                { [LANG_JA] = "%.*sほかの人の%zu件", [LANG_EN] = "%.*s %zu of other people" },
                { [LANG_JA] = "%.*sと、ほかの人の%zu件", [LANG_EN] = "%.*s and %zu of other people" },
        };
        bool ja = cx->lang == LANG_JA;
        str names = S("");
        size_t i, others = 0;
        json_t *one;

        (void)json_set(p->model, "segments", list);
        json_array_foreach(list, i, one) {
                str name = json_get_text(one, "name");

                if (str_absent(name))
                        others++;
                else
                        names = str_format(cx->mem, ja ? "%.*s「%.*s」" : "%.*s “%.*s”", STR_ARG(names), STR_ARG(name));
        }
        if (json_array_size(list) == 0)
                return;
        if (others > 0)
                names = str_format(cx->mem, more[names.n > 0 ? 2 : !cx->desk][cx->lang], STR_ARG(names), others);
        say(p, true, str_format(cx->mem, ja ? "抽出条件%.*sが使えなくなります" : "Segments that can no longer be used:%.*s", STR_ARG(names)));
        (void)json_set(p->model, "loses", json_true());
}

/* A name that is to be free again in a few days. */
static rc laid_look(struct cx *cx, struct define_plan *p, const struct item *item, str back)
{
        struct define_gone *row;

        TRY(sql_define_laid_item(cx, cx->tenant, p->wanted->name, item->name, &row));
        if (row == NULL)
                return RC_OK;
        if (!str_absent(back) && str_equal(back, item->name))
                p->items[item->number].laid = row->id;
        else
                (void)fail(cx, RC_CONFLICT, item->name.p,
                           "an item of this name was deleted less than %d days ago; bring it back, or choose another name", DEFINE_UNDO_DAYS);
        return RC_OK;
}

static bool order_changes(const struct define_plan *p)
{
        size_t last = 0;

        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *was = p->items[i].was;

                if (was == NULL)
                        continue;
                if (was->number < last)
                        return true;
                last = was->number;
        }
        return false;
}

static rc items_compare(struct cx *cx, struct define_plan *p, str back, bool look)
{
        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *item = &p->wanted->items[i];

                p->items[i].computed = !item_stored(item);
                p->items[i].was = was_of(p->old, p->wanted, item);
                if (p->items[i].was != NULL) {
                        TRY(kept(cx, p, item, look));
                        continue;
                }
                if (p->old != NULL)
                        TRY(laid_look(cx, p, item, back));
                if (p->items[i].laid != 0)
                        returned(cx, p, item);
                else
                        added(cx, p, item);
        }
        for (size_t i = 0; p->old != NULL && i < p->old->item_count; i++)
                if (define_plan_becomes(p->old, p->wanted, &p->old->items[i]) == NULL)
                        TRY(gone(cx, p, &p->old->items[i], look));
        return cx->failure.code;
}

static bool refers(const struct definition *def, str name)
{
        for (size_t i = 0; def != NULL && i < def->item_count; i++)
                if (def->items[i].type == ITEM_REFERENCE && str_equal(def->items[i].reference, name))
                        return true;
        return false;
}

/* The registers referred to must be there, for who defines as well. */
static rc references_check(struct cx *cx, const struct definition *old, const struct definition *wanted)
{
        for (size_t i = 0; i < wanted->item_count; i++) {
                struct item *item = &wanted->items[i];
                const struct definition *other;
                rc code;

                item->kept = item->type == ITEM_REFERENCE && str_equal(item->reference, wanted->name) && wanted->kind == REGISTER_REFERENCE;
                if (item->type != ITEM_REFERENCE || str_equal(item->reference, wanted->name))
                        continue;
                if (!refers(old, item->reference) && permission_hidden(cx, item->reference))
                        code = fail(cx, RC_UNKNOWN, NULL, "there is no such register");
                else
                        code = definition_get(cx, item->reference, &other);
                if (code != RC_OK) {
                        if (code != RC_UNKNOWN)
                                return code;
                        fail_clear(cx);
                        return fail(cx, RC_INVALID, item->name.p, "refers to the register \"%.*s\", which does not exist", STR_ARG(item->reference));
                }
                item->kept = other->kind == REGISTER_REFERENCE;
                if (item->kept && item == wanted->master)
                        return fail(cx, RC_INVALID, "master", "must refer to a register of people or things, not to a look-up list");
        }
        return RC_OK;
}

/* What cannot be done in a moment: values converted, indexes, the search column. */
static bool aside_needed(const struct define_plan *p)
{
        if (p->old == NULL)
                return false;
        for (size_t i = 0; i < p->wanted->item_count; i++) {
                const struct item *item = &p->wanted->items[i];
                const struct define_item *d = &p->items[i];

                if (d->retype || (d->laid == 0 && d->was == NULL && (item->unique || define_plan_indexed(p->wanted, item))))
                        return true;
                if (d->was != NULL &&
                    ((item->unique && !d->was->unique) || (define_plan_indexed(p->wanted, item) && !define_plan_indexed(p->old, d->was))))
                        return true;
        }
        return p->search && define_plan_searchable(p->wanted);
}

static void model_open(struct cx *cx, struct define_plan *p)
{
        static const char *const lists[] = { "add", "drop", "rename", "retype", "back", "change", "lines" };

        p->model = json_object();
        (void)json_set(p->model, "register", json_str(p->wanted->name));
        (void)json_set(p->model, "title", json_str(p->wanted->title[cx->lang]));
        (void)json_set(p->model, "new", json_boolean(p->old == NULL));
        for (size_t i = 0; i < COUNT(lists); i++)
                (void)json_set(p->model, lists[i], json_array());
        (void)json_set(p->model, "loses", json_false());
        (void)json_set(p->model, "lost", json_integer(0));
        if (p->old == NULL)
                say(p, false,
                    str_format(cx->mem, cx->lang == LANG_JA ? "台帳「%.*s」を項目%lld個で作ります" : "Make the register \"%.*s\" with %lld items",
                               STR_ARG(p->wanted->title[cx->lang]), (long long)p->wanted->item_count));
}

/* Moves are told as one: what counts is who waits for approvals. */
static rc moves_compare(struct cx *cx, struct define_plan *p)
{
        bool ja = cx->lang == LANG_JA;
        int64_t ended;

        if (move_plan_same(p->old, p->wanted))
                return RC_OK;
        TRY(move_plan_ended(cx, p->old, p->wanted, &ended));
        (void)json_set(p->model, "moves", json_integer((json_int_t)p->wanted->move_count));
        (void)json_set(p->model, "moves_ended", json_integer(ended));
        if (p->wanted->state == NULL)
                say(p, true,
                    ja ? S("状態の操作をなくします。状態は、ほかの項目と同じように編集できるようになります")
                       : S("Take the moves away: the state can be written as any other item"));
        else
                say(p, false,
                    str_format(cx->mem,
                               ja ? "状態の操作を%lld個にします。「%.*s」は操作でだけ変わります" : "Have %lld moves; only they change \"%.*s\"",
                               (long long)p->wanted->move_count, STR_ARG(p->wanted->state->title[cx->lang])));
        if (ended > 0)
                say(p, true,
                    str_format(cx->mem,
                               ja ? "承認を待っている申請%lld件は無効になり、申請し直すことになります"
                                  : "%lld requests that are open become void and must be asked for anew",
                               (long long)ended));
        return RC_OK;
}

/* Clocks that end, and clocks that begin for what is there. */
static rc clocks_compare(struct cx *cx, struct define_plan *p)
{
        bool ja = cx->lang == LANG_JA;
        json_t *list, *one;
        size_t i;

        TRY(clock_trigger_changes(cx, p->old, p->wanted, &list));
        (void)json_set(p->model, "clocks", list);
        json_array_foreach(list, i, one) {
                str title = json_get_text(one, "title");
                const json_t *ends = json_object_get(one, "ends"), *starts = json_object_get(one, "starts");

                if (ends != NULL)
                        say(p, json_integer_value(ends) > 0,
                            str_format(
                                cx->mem,
                                ja ? "期限「%.*s」の規則をなくします。動いている%lld件は「取り下げ（規則がなくなった）」で終わり、記録は残ります"
                                   : "Take the clock \"%.*s\" away: %lld that run end as withdrawn because the rule is gone; what happened stays",
                                STR_ARG(title), (long long)json_integer_value(ends)));
                else if (json_is_true(json_object_get(one, "later")))
                        say(p, false,
                            str_format(cx->mem,
                                       ja ? "期限「%.*s」を加えます。これから登録されるレコードだけで始まります（records: new）"
                                          : "Add the clock \"%.*s\", for records made from then on only (records: new)",
                                       STR_ARG(title)));
                else if (json_is_null(starts))
                        say(p, false,
                            str_format(
                                cx->mem,
                                ja ? "期限「%.*s」を加えます。今あるレコードのうち、条件に合うものですぐに始まります（今あるレコードを除くには "
                                     "records: new）"
                                   : "Add the clock \"%.*s\": it starts at once for records that meet it (records: new leaves out those that are "
                                     "there)",
                                STR_ARG(title)));
                else
                        say(p, false,
                            str_format(
                                cx->mem,
                                ja ? "期限「%.*s」を加えます。今あるレコードのうち%lld件ですぐに始まります（今あるレコードを除くには records: new）"
                                   : "Add the clock \"%.*s\": it starts at once for %lld records that are there (records: new leaves them out)",
                                STR_ARG(title), (long long)json_integer_value(starts)));
        }
        return RC_OK;
}

/* Rounds are told as one: what counts is what is open of those that go. */
static rc rounds_compare(struct cx *cx, struct define_plan *p)
{
        bool ja = cx->lang == LANG_JA;
        int64_t ended;

        if (round_plan_same(p->old, p->wanted))
                return RC_OK;
        TRY(round_plan_ended(cx, p->old, p->wanted, &ended));
        (void)json_set(p->model, "rounds", json_integer((json_int_t)p->wanted->round_count));
        (void)json_set(p->model, "rounds_ended", json_integer(ended));
        if (p->wanted->round_count == 0)
                say(p, false,
                    ja ? S("定期の仕事をなくします。これまでの結果は「期限のある仕事」に残ります")
                       : S("Take the rounds away: nothing comes again; what was done and missed stays among the duties"));
        else
                say(p, false,
                    str_format(cx->mem, ja ? "定期の仕事を%lld個にします" : "Have %lld rounds: work that comes again",
                               (long long)p->wanted->round_count));
        if (ended > 0)
                say(p, true,
                    str_format(cx->mem,
                               ja ? "なくなる定期の仕事のうち、まだ終えていない%lld件は対象外になります"
                                  : "%lld periods that are open end, because their round goes",
                               (long long)ended));
        return RC_OK;
}

/* What is not about single items. */
static void model_close(struct cx *cx, struct define_plan *p, bool look)
{
        bool ja = cx->lang == LANG_JA, reorder = p->old != NULL && order_changes(p), rewrite = p->old != NULL && p->search;
        bool loss = json_is_true(json_object_get(p->model, "loses")), same = p->old != NULL && json_equal(p->old->source, p->wanted->source);

        (void)json_set(p->model, "reorder", json_boolean(reorder));
        (void)json_set(p->model, "rewrite", json_boolean(rewrite));
        (void)json_set(p->model, "nothing", json_boolean(same));
        if (reorder)
                say(p, false, ja ? S("項目の並び順を変えます") : S("Change the order of the items"));
        if (rewrite)
                say(p, false, ja ? S("検索のための索引を作り直します。その間も使えます") : S("Build the search index anew; work goes on meanwhile"));
        if (!same && json_array_size(json_object_get(p->model, "lines")) == 0)
                say(p, false, ja ? S("台帳の名前、説明、区分などを変えます") : S("Change the register's own title, description, sections or key"));
        if (same)
                say(p, false, ja ? S("変わるものはありません") : S("Nothing changes"));
        else if (!loss && look)
                say(p, false, ja ? S("失われる値はありません") : S("No value is lost"));
}

rc define_plan_make(struct cx *cx, const struct definition *wanted, str back, bool look, struct define_plan **ret)
{
        struct define_plan *p = NEW(cx->mem, struct define_plan);
        json_t *lost;

        p->wanted = wanted;
        if (definition_get(cx, wanted->name, &p->old) != RC_OK) {
                if (cx->failure.code != RC_UNKNOWN)
                        return cx->failure.code;
                fail_clear(cx);
                p->old = NULL;
        }
        TRY(references_check(cx, p->old, wanted));
        TRY(clock_trigger_check(cx, wanted));
        TRY(round_trigger_check(cx, wanted));
        TRY(move_trigger_check(cx, wanted));
        if (p->old != NULL && p->old->kind != wanted->kind)
                return fail(cx, RC_INVALID, "kind", "of a register cannot change");
        if (p->old != NULL && p->old->master != NULL && was_of(p->old, wanted, wanted->master) != p->old->master)
                return fail(cx, RC_INVALID, "master", "of a register cannot change");
        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "definitions are changed by accounts that may see personal items");
        model_open(cx, p);
        p->records = NEW_ARRAY(cx->mem, int64_t, p->old ? p->old->item_count : 1);
        p->items = NEW_ARRAY(cx->mem, struct define_item, wanted->item_count);
        TRY(items_compare(cx, p, back, look));
        TRY(moves_compare(cx, p));
        TRY(clocks_compare(cx, p));
        TRY(rounds_compare(cx, p));
        p->search = p->old ? !search_same(p) : define_plan_searchable(wanted);
        p->aside = aside_needed(p);
        if (p->old != NULL) {
                TRY(define_segments_lost(cx, p->old, wanted, &lost));
                segments_lost(cx, p, lost);
        }
        model_close(cx, p, look);
        *ret = p;
        return RC_OK;
}

static bool is_among(const str *list, size_t count, str name)
{
        for (size_t i = 0; i < count; i++)
                if (str_equal(list[i], name))
                        return true;
        return false;
}

rc define_plan_loss(struct cx *cx, const struct define_plan *p, const struct define_wish *wish)
{
        for (size_t i = 0; p->old != NULL && i < p->old->item_count; i++) {
                const struct item *was = &p->old->items[i];

                if (item_stored(was) && define_plan_becomes(p->old, p->wanted, was) == NULL && !is_among(wish->drop, wish->drop_count, was->name))
                        (void)fail(cx, RC_CONFLICT, was->name.p,
                                   "is missing in the new definition; its values in %lld records would be lost, so it "
                                   "must be named to be dropped",
                                   (long long)p->records[i]);
        }
        for (size_t i = 0; p->old != NULL && i < p->wanted->item_count; i++)
                if (p->items[i].unfit > 0 && !is_among(wish->empty, wish->empty_count, p->wanted->items[i].name))
                        (void)fail(cx, RC_CONFLICT, p->wanted->items[i].name.p,
                                   "has %lld values that do not fit its new type; repair them, or name the item to have them emptied",
                                   (long long)p->items[i].unfit);
        return cx->failure.code;
}
