/* alike.c - see alike.h. The rules as SQL, and what pages and API show of them. The search of a whole register: alike_find.c. */
#include "base/house.h"

#include "register/alike.h"

#include "base/clock.h"
#include "base/fail.h"
#include "identity/permission.h"
#include "log/log.h"
#include "register/alike.sql.h"
#include "register/item.h"
#include "register/record_model.h"
#include "register/record_row.h"

rc alike_allowed(struct cx *cx)
{
        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "records are compared and made one by accounts that may see personal items");
        return RC_OK;
}

/* The rules as SQL ----------------------------------------------------------------------------------------------------------------- */

bool alike_folds(const struct item *item)
{
        return item->type == ITEM_TEXT || item->type == ITEM_KANA || item->type == ITEM_URL;
}

/* Around the value: an address does not know capitals, a number its marks; 000-0000-0000 is no number. */
static void around(enum item_type type, const char **before, const char **after)
{
        switch (type) {
        case ITEM_TEXT:
        case ITEM_KANA:
        case ITEM_URL:
                *before = "nullif(daicho.fold(";
                *after = "), '')";
                return;
        case ITEM_EMAIL:
                *before = "nullif(lower(";
                *after = "), '')";
                return;
        case ITEM_TELEPHONE:
                *before = "nullif(ltrim(translate(";
                *after = ", '-() +', ''), '0'), '')";
                return;
        default: *before = "("; *after = ")::text";
        }
}

void alike_part(struct sql *sql, const struct item *item, str value)
{
        const char *before, *after;

        around(item->type, &before, &after);
        buf_add(&sql->text, str_of(before));
        if (str_absent(value))
                sql_column(sql, item);
        else
                sql_value(sql, item, value);
        buf_add(&sql->text, str_of(after));
}

size_t alike_places(struct cx *cx, const struct definition *def, const struct item ***ret, size_t **ret_place)
{
        const struct item **items = NEW_ARRAY(cx->mem, const struct item *, def->item_count);
        size_t *place = NEW_ARRAY(cx->mem, size_t, def->item_count), n = 0;

        for (size_t i = 0; i < def->item_count; i++)
                place[i] = SIZE_MAX;
        for (size_t i = 0; i < def->rule_count; i++)
                for (size_t k = 0; k < def->rules[i].count; k++) {
                        const struct item *item = def->rules[i].items[k];

                        if (place[item->number] == SIZE_MAX) {
                                place[item->number] = n;
                                items[n++] = item;
                        }
                }
        *ret = items;
        *ret_place = place;
        return n;
}

/* Records with what is compared of them ------------------------------------------------------------------------------------------------ */

struct seen {
        struct record rec;
        str *parts; /* by place; absent: empty */
};

struct view {
        struct cx *cx;
        const struct definition *def;
        const struct item **items;
        size_t *place, place_count;
        struct seen *seen;
        size_t seen_count;
        struct alike_pair *apart;
        size_t apart_count;
};

static struct view *view_open(struct cx *cx, const struct definition *def)
{
        struct view *v = NEW(cx->mem, struct view);

        v->cx = cx;
        v->def = def;
        v->place_count = alike_places(cx, def, &v->items, &v->place);
        return v;
}

/* These records as they are now, by number, and which of them were declared to be different. */
static rc view_read(struct view *v, const str *ids, size_t count)
{
        struct cx *cx = v->cx;
        struct sql *sql = sql_open(cx);
        str list = db_array(cx, ids, count);
        struct rows *rows;

        sql_add(sql, "select ");
        sql_columns(sql, v->def, false);
        for (size_t i = 0; i < v->place_count; i++) {
                sql_add(sql, ", ");
                alike_part(sql, v->items[i], STR_NONE);
        }
        sql_add(sql, " from ");
        sql_table(sql, v->def);
        sql_add(sql, " r where r.id = any (");
        sql_arg(sql, list, "bigint[]");
        sql_add(sql, ") order by r.id");
        TRY(record_row_run(sql, v->def, &rows));
        v->seen_count = rows_count(rows);
        v->seen = NEW_ARRAY(cx->mem, struct seen, v->seen_count + 1);
        for (size_t i = 0; i < v->seen_count; i++) {
                struct seen *s = &v->seen[i];

                record_row_read(cx, v->def, rows, i, 0, false, &s->rec);
                s->parts = NEW_ARRAY(cx->mem, str, v->place_count + 1);
                for (size_t k = 0; k < v->place_count; k++)
                        s->parts[k] = rows_text(rows, i, SQL_SYSTEM + v->def->item_count + k);
        }
        return sql_alike_apart(cx, v->def->id, list, &v->apart, &v->apart_count);
}

static const struct seen *seen_find(const struct view *v, int64_t id)
{
        for (size_t i = 0; i < v->seen_count; i++)
                if (v->seen[i].rec.id == id)
                        return &v->seen[i];
        return NULL;
}

static bool alike_by(const struct view *v, const struct duplicate_rule *rule, const struct seen *a, const struct seen *b)
{
        for (size_t i = 0; i < rule->count; i++) {
                size_t p = v->place[rule->items[i]->number];

                if (str_absent(a->parts[p]) || str_absent(b->parts[p]) || !str_equal(a->parts[p], b->parts[p]))
                        return false;
        }
        return true;
}

static bool alike_at_all(const struct view *v, const struct seen *a, const struct seen *b)
{
        for (size_t i = 0; i < v->def->rule_count; i++)
                if (alike_by(v, &v->def->rules[i], a, b))
                        return true;
        return false;
}

static bool is_apart(const struct view *v, int64_t a, int64_t b)
{
        for (size_t i = 0; i < v->apart_count; i++)
                if (v->apart[i].a == (a < b ? a : b) && v->apart[i].b == (a < b ? b : a))
                        return true;
        return false;
}

static str rule_title(struct cx *cx, const struct duplicate_rule *rule)
{
        str s = rule->items[0]->title[cx->lang];

        for (size_t i = 1; i < rule->count; i++)
                s = str_format(cx->mem, "%.*s + %.*s", STR_ARG(s), STR_ARG(rule->items[i]->title[cx->lang]));
        return s;
}

static json_t *rules_model(struct cx *cx, const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->rule_count; i++) {
                json_t *one = json_object(), *items = json_array();

                for (size_t k = 0; k < def->rules[i].count; k++)
                        json_array_append_new(items, json_str(def->rules[i].items[k]->name));
                (void)json_set(one, "name", json_str(def->rules[i].name));
                (void)json_set(one, "title", json_str(rule_title(cx, &def->rules[i])));
                json_array_append_new(list, json_set(one, "items", items));
        }
        return list;
}

static json_t *titles_between(const struct view *v, const struct seen *a, const struct seen *b)
{
        json_t *list = json_array();

        for (size_t i = 0; i < v->def->rule_count; i++)
                if (alike_by(v, &v->def->rules[i], a, b))
                        json_array_append_new(list, json_str(rule_title(v->cx, &v->def->rules[i])));
        return list;
}

static str heading_of(const struct view *v, const struct seen *s)
{
        struct cx *cx = v->cx;
        str text = S("");

        for (size_t i = 0; i < v->def->heading_count; i++) {
                str one = item_show(cx->mem, cx->lang, v->def->heading[i], s->rec.values[v->def->heading[i]->number]);

                if (one.n > 0)
                        text = text.n ? str_format(cx->mem, "%.*s %.*s", STR_ARG(text), STR_ARG(one)) : one;
        }
        return text.n ? text : str_format(cx->mem, "#%" PRId64, s->rec.id);
}

static bool in_heading(const struct definition *def, const struct item *item)
{
        for (size_t i = 0; i < def->heading_count; i++)
                if (def->heading[i] == item)
                        return true;
        return false;
}

/* What is compared, and what the list shows beside it. marked: items that agree. */
static json_t *record_told(const struct view *v, const struct seen *s, const bool *marked)
{
        struct cx *cx = v->cx;
        json_t *m = json_object(), *values = json_array();

        for (size_t i = 0; i < v->def->item_count; i++) {
                const struct item *item = &v->def->items[i];
                json_t *one = json_object();

                if (v->place[i] == SIZE_MAX && !item->in_list)
                        continue;
                (void)json_set(one, "name", json_str(item->name));
                (void)json_set(one, "title", json_str(item->title[cx->lang]));
                (void)json_set(one, "text", json_str(item_show(cx->mem, cx->lang, item, s->rec.values[i])));
                (void)json_set(one, "alike", json_boolean(marked[i]));
                (void)json_set(one, "in_heading", json_boolean(in_heading(v->def, item)));
                json_array_append_new(values, one);
        }
        (void)json_set(m, "id", json_integer(s->rec.id));
        (void)json_set(m, "version", json_integer(s->rec.version));
        (void)json_set(m, "heading", json_str(heading_of(v, s)));
        (void)json_set(m, "created_at", json_str(clock_rfc3339(cx->mem, s->rec.created_at)));
        (void)json_set(m, "updated_at", json_str(clock_rfc3339(cx->mem, s->rec.updated_at)));
        return json_set(m, "values", values);
}

static void mark(const struct view *v, const struct seen *a, const struct seen *b, bool *marked)
{
        for (size_t i = 0; i < v->def->rule_count; i++)
                if (alike_by(v, &v->def->rules[i], a, b))
                        for (size_t k = 0; k < v->def->rules[i].count; k++)
                                marked[v->def->rules[i].items[k]->number] = true;
}

/* One that is like this one; what agrees is marked in `all`, too. */
static json_t *other_told(const struct view *v, const struct seen *base, const struct seen *other, bool *all)
{
        bool *marked = NEW_ARRAY(v->cx->mem, bool, v->def->item_count);

        mark(v, base, other, marked);
        mark(v, base, other, all);
        return json_set(record_told(v, other, marked), "rules", titles_between(v, base, other));
}

/* Lists ---------------------------------------------------------------------------------------------------------------------------- */

/* The first record of a set that is still alike with another one, and those others. NULL: nothing is left of it. */
static json_t *group_model(const struct view *v, const struct alike_row *row, const json_t *members)
{
        bool *marked = NEW_ARRAY(v->cx->mem, bool, v->def->item_count);
        size_t count = json_array_size(members);

        for (size_t i = 0; i < count; i++) {
                const struct seen *base = seen_find(v, json_integer_value(json_array_get(members, i))), *other;
                json_t *m = json_object(), *others = json_array(), *titles = json_array();

                for (size_t k = 0; base != NULL && k < count; k++) {
                        other = seen_find(v, json_integer_value(json_array_get(members, k)));
                        if (k == i || other == NULL || !alike_at_all(v, base, other) || is_apart(v, base->rec.id, other->rec.id))
                                continue;
                        if (json_array_size(titles) == 0)
                                titles = titles_between(v, base, other);
                        json_array_append_new(others, other_told(v, base, other, marked));
                }
                if (json_array_size(others) == 0)
                        continue;
                (void)json_set(m, "id", json_integer(row->id));
                (void)json_set(m, "size", json_integer(row->size));
                (void)json_set(m, "more", json_integer(row->size - (int64_t)count));
                (void)json_set(m, "rules", titles);
                (void)json_set(m, "base", record_told(v, base, marked));
                return json_set(m, "others", others);
        }
        return NULL;
}

static rc groups_model(struct cx *cx, const struct definition *def, const struct alike_row *list, size_t count, json_t *groups)
{
        str *ids = NEW_ARRAY(cx->mem, str, count * ALIKE_KEPT + 1);
        json_t **members = NEW_ARRAY(cx->mem, json_t *, count + 1);
        struct view *v = view_open(cx, def);
        size_t n = 0;

        for (size_t i = 0; i < count; i++) {
                TRY(json_read(cx, list[i].records, &members[i]));
                for (size_t k = 0; k < json_array_size(members[i]) && k < ALIKE_KEPT; k++)
                        ids[n++] = db_int(cx, json_integer_value(json_array_get(members[i], k)));
        }
        TRY(view_read(v, ids, n));
        for (size_t i = 0; i < count; i++) {
                json_t *one = group_model(v, &list[i], members[i]);

                if (one != NULL)
                        json_array_append_new(groups, one);
        }
        return RC_OK;
}

/* Pairs declared to be different, the newest first. */
static rc apart_model(struct cx *cx, const struct definition *def, json_t **ret)
{
        struct alike_declared *rows;
        json_t *headings;
        int64_t *ids;
        size_t count;

        *ret = json_array();
        TRY(sql_alike_apart_list(cx, def->id, ALIKE_APART, &rows, &count));
        ids = NEW_ARRAY(cx->mem, int64_t, 2 * count + 1);
        for (size_t i = 0; i < count; i++) {
                ids[2 * i] = rows[i].a;
                ids[2 * i + 1] = rows[i].b;
        }
        TRY(record_model_headings(cx, def->name, ids, 2 * count, &headings));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                (void)json_set(m, "a", json_integer(rows[i].a));
                (void)json_set(m, "b", json_integer(rows[i].b));
                json_set(m, "a_heading", json_incref(json_object_get(headings, db_int(cx, rows[i].a).p)));
                json_set(m, "b_heading", json_incref(json_object_get(headings, db_int(cx, rows[i].b).p)));
                (void)json_set(m, "at", json_str(clock_rfc3339(cx->mem, rows[i].at)));
                (void)json_set(m, "actor", json_str(record_model_actor(rows[i].actor)));
                json_array_append_new(*ret, m);
        }
        return RC_OK;
}

rc alike_list(struct cx *cx, str register_name, int64_t after, json_t **ret)
{
        json_t *model = json_object(), *groups = json_array(), *apart = json_array();
        const struct definition *def;
        struct alike_found *found;
        struct alike_row *list;
        bool more = true;

        TRY(alike_allowed(cx));
        TRY(definition_get(cx, register_name, &def));
        TRY(sql_alike_about(cx, register_name, &found));
        if (after == 0)
                TRY(apart_model(cx, def, &apart));
        /* sets that are no longer alike are passed over, so that a page is not empty while there are others behind it */
        for (int tries = 0; tries < 10 && more && json_array_size(groups) < ALIKE_LIMIT / 2; tries++) {
                size_t count;

                TRY(sql_alike_page(cx, def->id, after, ALIKE_LIMIT + 1, &list, &count));
                more = count > ALIKE_LIMIT;
                count = more ? ALIKE_LIMIT : count;
                TRY(groups_model(cx, def, list, count, groups));
                after = count > 0 ? list[count - 1].id : after;
        }
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "rules", rules_model(cx, def));
        (void)json_set(model, "groups", groups);
        (void)json_set(model, "apart", apart);
        (void)json_set(model, "next", more ? json_integer(after) : json_null());
        (void)json_set(model, "found", json_integer(found->groups));
        (void)json_set(model, "searched_at", found->at_null ? json_null() : json_str(clock_rfc3339(cx->mem, found->at)));
        (void)json_set(model, "running", found->running_null ? json_null() : json_integer(found->running));
        *ret = model;
        return RC_OK;
}

rc alike_waiting(struct cx *cx, const struct definition *def, int64_t *ret)
{
        *ret = 0;
        if (cx->masked || def->rule_count == 0 || !permission_held_for(cx, PERM_RECORD_MERGE, def->name))
                return RC_OK;
        return sql_alike_waiting(cx, def->id, ret);
}

/* Near one record ---------------------------------------------------------------------------------------------------------------------- */

/* A rule is met through the search index: one of its items must be searchable and long enough for it. */
static bool near_rule(struct sql *sql, const struct definition *def, const struct duplicate_rule *rule, const struct record *rec,
                      const struct search_word *words, bool first, int number)
{
        bool led = false;

        for (size_t i = 0; i < rule->count; i++)
                led = led || (rule->items[i]->searchable && !str_absent(words[rule->items[i]->number].grams));
        if (!led)
                return false;
        if (!first)
                sql_add(sql, " union all ");
        sql_add(sql, "(select r.id, ");
        sql_int(sql, number);
        sql_add(sql, " from ");
        sql_table(sql, def);
        sql_add(sql, " r where r.id <> ");
        sql_arg(sql, db_int(sql->cx, rec->id), "bigint");
        for (size_t i = 0; i < rule->count; i++) {
                const struct item *item = rule->items[i];

                if (item->searchable && !str_absent(words[item->number].grams)) {
                        sql_add(sql, " and daicho.grams(r.search_text) @> (select ");
                        sql_arg(sql, words[item->number].grams, "bigint[]");
                        sql_add(sql, ")");
                }
                sql_add(sql, " and ");
                alike_part(sql, item, STR_NONE);
                sql_add(sql, " = (select ");
                alike_part(sql, item, rec->values[item->number]);
                sql_add(sql, ")");
        }
        sql_add(sql, " limit ");
        sql_int(sql, ALIKE_NEAR + 1);
        sql_add(sql, ")");
        return true;
}

/* The words of the rules' searchable items, folded as the search index has them. */
static rc words_read(const struct view *v, const struct record *rec, struct search_word **ret)
{
        struct cx *cx = v->cx;
        struct search_word *words = NEW_ARRAY(cx->mem, struct search_word, v->def->item_count), *folded;
        str *texts = NEW_ARRAY(cx->mem, str, v->place_count + 1);
        size_t n = 0;

        folded = NEW_ARRAY(cx->mem, struct search_word, v->place_count + 1);
        for (size_t i = 0; i < v->place_count; i++)
                if (v->items[i]->searchable && !str_absent(rec->values[v->items[i]->number]))
                        texts[n++] = rec->values[v->items[i]->number];
        if (n > 0)
                TRY(search_fold(cx, texts, n, folded));
        n = 0;
        for (size_t i = 0; i < v->place_count; i++)
                if (v->items[i]->searchable && !str_absent(rec->values[v->items[i]->number]))
                        words[v->items[i]->number] = folded[n++];
        *ret = words;
        return RC_OK;
}

static bool filled(const struct duplicate_rule *rule, const struct record *rec)
{
        for (size_t i = 0; i < rule->count; i++)
                if (str_absent(rec->values[rule->items[i]->number]))
                        return false;
        return true;
}

static rc near_find(const struct view *v, const struct record *rec, json_t *unsearched, str *ids, size_t *ret_count)
{
        struct cx *cx = v->cx;
        struct sql *sql = sql_open(cx);
        struct search_word *words;
        struct rows *rows;
        bool first = true;

        *ret_count = 0;
        TRY(words_read(v, rec, &words));
        for (size_t i = 0; i < v->def->rule_count; i++) {
                if (!filled(&v->def->rules[i], rec))
                        continue;
                if (near_rule(sql, v->def, &v->def->rules[i], rec, words, first, (int)i))
                        first = false;
                else
                        json_array_append_new(unsearched, json_str(rule_title(cx, &v->def->rules[i])));
        }
        if (first)
                return RC_OK;
        TRY(record_row_run(sql, v->def, &rows));
        for (size_t i = 0; i < rows_count(rows); i++)
                ids[(*ret_count)++] = db_int(cx, rows_int(rows, i, 0));
        return RC_OK;
}

rc alike_near(struct cx *cx, str register_name, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *list = json_array(), *unsearched = json_array();
        str ids[DEFINITION_RULES_MAX * (ALIKE_NEAR + 1) + 1];
        const struct definition *def;
        const struct seen *mine;
        struct record *rec;
        struct view *v;
        size_t count;
        bool *all;

        TRY(alike_allowed(cx));
        TRY(record_get(cx, register_name, id, &def, &rec));
        v = view_open(cx, def);
        TRY(near_find(v, rec, unsearched, ids, &count));
        ids[count++] = db_int(cx, id);
        TRY(view_read(v, ids, count));
        mine = seen_find(v, id);
        all = NEW_ARRAY(cx->mem, bool, def->item_count);
        for (size_t i = 0; mine != NULL && i < v->seen_count && json_array_size(list) < ALIKE_NEAR; i++)
                if (&v->seen[i] != mine && alike_at_all(v, mine, &v->seen[i]) && !is_apart(v, id, v->seen[i].rec.id))
                        json_array_append_new(list, other_told(v, mine, &v->seen[i], all));
        if (mine == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "base", record_told(v, mine, all));
        (void)json_set(model, "alike", list);
        (void)json_set(model, "unsearched", unsearched);
        *ret = model;
        return RC_OK;
}

rc alike_why(struct cx *cx, const struct definition *def, int64_t a, int64_t b, json_t **ret)
{
        str ids[] = { db_int(cx, a), db_int(cx, b) };
        struct view *v = view_open(cx, def);

        *ret = json_array();
        TRY(view_read(v, ids, COUNT(ids)));
        if (v->seen_count == 2)
                *ret = titles_between(v, &v->seen[0], &v->seen[1]);
        return RC_OK;
}

rc alike_apart(struct cx *cx, str register_name, int64_t a, int64_t b, bool apart)
{
        int64_t less = a < b ? a : b, more = a < b ? b : a;
        const struct definition *def;
        struct record *rec;
        size_t changed;

        TRY(alike_allowed(cx));
        if (a == b)
                return fail(cx, RC_INVALID, "b", "must be another record");
        TRY(record_get(cx, register_name, less, &def, &rec));
        TRY(record_get(cx, register_name, more, &def, &rec));
        log_subject(cx, def->name, less);
        log_detail(cx, "other", json_integer(more));
        log_detail(cx, "different", json_boolean(apart));
        if (!apart)
                return sql_alike_apart_drop(cx, def->id, less, more, &changed);
        TRY(sql_alike_forget_pair(cx, def->id, less, more, &changed));
        return sql_alike_apart_add(cx, def->id, less, more, &changed);
}
