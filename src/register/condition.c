/* condition.c - see condition.h. How to add an operator: a line in `ops`, and its SQL in leaf_sql. */
#include "base/house.h"

#include "register/condition.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "identity/permission.h"
#include "register/item.h"
#include "register/search.h"

enum { TEXTUAL = 1 << ITEM_TEXT | 1 << ITEM_KANA | 1 << ITEM_EMAIL | 1 << ITEM_TELEPHONE | 1 << ITEM_POSTAL_CODE | 1 << ITEM_URL };
enum { DATES = 1 << ITEM_DATE | 1 << ITEM_DATETIME, ORDERED = 1 << ITEM_INTEGER | 1 << ITEM_DECIMAL | DATES, ALL_TYPES = (1 << ITEM_TYPES) - 1 };
enum { LISTED = TEXTUAL | 1 << ITEM_CHOICE | 1 << ITEM_INTEGER | 1 << ITEM_DECIMAL | 1 << ITEM_REFERENCE };

/* clang-format off */
enum op { OP_EQ, OP_NE, OP_IN, OP_NOT_IN, OP_LT, OP_LE, OP_GT, OP_GE, OP_BETWEEN, OP_CONTAINS, OP_NOT_CONTAINS, OP_STARTS, OP_ENDS, OP_EMPTY,
          OP_NOT_EMPTY, OP_LAST_DAYS, OP_NEXT_DAYS, OP_MONTH_IS, OP_THIS_MONTH, OP_LAST_MONTH, OP_THIS_YEAR, OPS };
/* clang-format on */

/* What the value is: one of the item's, a piece of text, or a number of its own. */
enum operand { OF_ITEM, OF_TEXT, OF_NUMBER };

/* sentence: %1$s the item, %2$s the value, %3$s the second one. date: the same where days are compared; NULL: no
 * difference. */
/* clang-format off */
static const struct {
        const char *name;
        char arity;
        enum operand operand;
        int types;
        const char *title[2];
        const char *sentence[2];
        const char *date[2];
} ops[OPS] = {
        [OP_EQ] = { "eq", '1', OF_ITEM, ALL_TYPES, { "が次と等しい", "is" }, { "%1$sが%2$s", "%1$s is %2$s" }, { NULL } },
        [OP_NE] = { "ne", '1', OF_ITEM, ALL_TYPES, { "が次と異なる", "is not" }, { "%1$sが%2$s以外", "%1$s is not %2$s" }, { NULL } },
        [OP_IN] = { "in", 'n', OF_ITEM, LISTED, { "が次のいずれか", "is one of" }, { "%1$sが%2$sのいずれか", "%1$s is one of %2$s" }, { NULL } },
        [OP_NOT_IN] = { "not_in", 'n', OF_ITEM, LISTED, { "が次のどれでもない", "is none of" }, { "%1$sが%2$sのどれでもない", "%1$s is none of %2$s" }, { NULL } },
        [OP_LT] = { "lt", '1', OF_ITEM, ORDERED, { "が次より小さい・前", "is below, before" }, { "%1$sが%2$sより小さい", "%1$s is below %2$s" }, { "%1$sが%2$sより前", "%1$s is before %2$s" } },
        [OP_LE] = { "le", '1', OF_ITEM, ORDERED, { "が次以下・以前", "is at most, until" }, { "%1$sが%2$s以下", "%1$s is at most %2$s" }, { "%1$sが%2$s以前", "%1$s is %2$s or before" } },
        [OP_GT] = { "gt", '1', OF_ITEM, ORDERED, { "が次より大きい・後", "is above, after" }, { "%1$sが%2$sより大きい", "%1$s is above %2$s" }, { "%1$sが%2$sより後", "%1$s is after %2$s" } },
        [OP_GE] = { "ge", '1', OF_ITEM, ORDERED, { "が次以上・以降", "is at least, from" }, { "%1$sが%2$s以上", "%1$s is at least %2$s" }, { "%1$sが%2$s以降", "%1$s is %2$s or after" } },
        [OP_BETWEEN] = { "between", '2', OF_ITEM, ORDERED, { "が次の範囲", "is between" }, { "%1$sが%2$sから%3$sまで", "%1$s is between %2$s and %3$s" }, { NULL } },
        [OP_CONTAINS] = { "contains", '1', OF_TEXT, TEXTUAL, { "が次を含む", "contains" }, { "%1$sに「%2$s」を含む", "%1$s contains “%2$s”" }, { NULL } },
        [OP_NOT_CONTAINS] = { "not_contains", '1', OF_TEXT, TEXTUAL, { "が次を含まない", "does not contain" }, { "%1$sに「%2$s」を含まない", "%1$s does not contain “%2$s”" }, { NULL } },
        [OP_STARTS] = { "starts", '1', OF_TEXT, TEXTUAL, { "が次で始まる", "starts with" }, { "%1$sが「%2$s」で始まる", "%1$s starts with “%2$s”" }, { NULL } },
        [OP_ENDS] = { "ends", '1', OF_TEXT, TEXTUAL, { "が次で終わる", "ends with" }, { "%1$sが「%2$s」で終わる", "%1$s ends with “%2$s”" }, { NULL } },
        [OP_EMPTY] = { "empty", '0', OF_ITEM, ALL_TYPES, { "が未入力", "is empty" }, { "%1$sが未入力", "%1$s is empty" }, { NULL } },
        [OP_NOT_EMPTY] = { "not_empty", '0', OF_ITEM, ALL_TYPES, { "が入力済み", "is not empty" }, { "%1$sが入力済み", "%1$s is not empty" }, { NULL } },
        [OP_LAST_DAYS] = { "last_days", '1', OF_NUMBER, DATES, { "が過去の次の日数以内", "was in the last days:" }, { "%1$sが過去%2$s日以内", "%1$s was in the last %2$s days" }, { NULL } },
        [OP_NEXT_DAYS] = { "next_days", '1', OF_NUMBER, DATES, { "が今後の次の日数以内", "is in the next days:" }, { "%1$sが今後%2$s日以内", "%1$s is in the next %2$s days" }, { NULL } },
        [OP_MONTH_IS] = { "month_is", '1', OF_NUMBER, DATES, { "が次の月（年は問わない）", "is in month (any year):" }, { "%1$sが%2$s月（年は問わない）", "%1$s is in month %2$s of any year" }, { NULL } },
        [OP_THIS_MONTH] = { "this_month", '0', OF_ITEM, DATES, { "が今月", "is this month" }, { "%1$sが今月", "%1$s is this month" }, { NULL } },
        [OP_LAST_MONTH] = { "last_month", '0', OF_ITEM, DATES, { "が先月", "was last month" }, { "%1$sが先月", "%1$s was last month" }, { NULL } },
        [OP_THIS_YEAR] = { "this_year", '0', OF_ITEM, DATES, { "が今年", "is this year" }, { "%1$sが今年", "%1$s is this year" }, { NULL } },
};
/* clang-format on */

#define TITLES(ja, en)                                                                                                                               \
        {                                                                                                                                            \
                { (ja), sizeof(ja) - 1 },                                                                                                            \
                {                                                                                                                                    \
                        (en), sizeof(en) - 1                                                                                                         \
                }                                                                                                                                    \
        }
static const struct item system_items[] = {
        { .name = { "id", 2 }, .type = ITEM_INTEGER, .title = TITLES("番号", "Number"), .min = 0, .max = INT64_MAX },
        { .name = { "created_at", 10 }, .type = ITEM_DATE, .title = TITLES("登録日", "Created on") },
        { .name = { "updated_at", 10 }, .type = ITEM_DATE, .title = TITLES("更新日", "Updated on") },
};

enum kind { ALL, ANY, NONE, LEAF, HISTORY };
static const char *const group_names[] = { "all", "any", "none" };

struct condition {
        enum kind kind;
        struct condition **list;
        size_t count; /* groups and history */
        const struct item *item;
        bool system;
        struct item day; /* of an instant: it is compared by its day in Tokyo */
        enum op op;
        str *values;
        size_t value_count;      /* stored form; text pieces as given */
        struct search_word word; /* OF_TEXT; folded by condition_read */
        const char *path;
        const struct definition *history;
};

struct reading {
        struct cx *cx;
        const struct definition *def;
        size_t count;
        int depth;
        bool inside; /* a history */
};

/* Reading
 * ----------------------------------------------------------------------------------------------------------------------------------
 */

static rc read_node(struct reading *r, const json_t *json, const char *path, struct condition **ret);

static const char *member(struct reading *r, const char *path, const char *name)
{
        return str_format(r->cx->mem, "%s.%s", path, name).p;
}

static rc only_members(struct reading *r, const json_t *json, const char *path, const char *a, const char *b, const char *c)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)json, name, value)
                if (strcmp(name, a) != 0 && (b == NULL || strcmp(name, b) != 0) && (c == NULL || strcmp(name, c) != 0))
                        return fail(r->cx, RC_INVALID, member(r, path, name), "has no meaning here");
        return RC_OK;
}

static rc read_list(struct reading *r, const json_t *list, const char *path, struct condition *c)
{
        size_t n = json_array_size(list);

        if (!json_is_array(list))
                return fail(r->cx, RC_INVALID, path, "must be a list of conditions");
        if (n > CONDITION_COUNT_MAX)
                return fail(r->cx, RC_INVALID, path, "there may be at most %d conditions", CONDITION_COUNT_MAX);
        c->list = NEW_ARRAY(r->cx->mem, struct condition *, n + 1);
        for (size_t i = 0; i < n; i++)
                TRY(read_node(r, json_array_get(list, i), str_format(r->cx->mem, "%s[%zu]", path, i).p, &c->list[c->count++]));
        return RC_OK;
}

static rc find_item(struct reading *r, str name, const char *path, struct condition *c)
{
        for (size_t i = 0; i < COUNT(system_items); i++)
                if (str_equal(system_items[i].name, name)) {
                        c->item = &system_items[i];
                        c->system = true;
                        return RC_OK;
                }
        c->item = definition_item(r->def, name);
        if (c->item == NULL)
                return fail(r->cx, RC_INVALID, member(r, path, "item"), "there is no item \"%.*s\"", STR_ARG(utf8_head(name, 60)));
        if (!sql_visible(r->cx, c->item))
                return fail(r->cx, RC_FORBIDDEN, member(r, path, "item"), "\"%.*s\" is a personal item, which this account may not see",
                            STR_ARG(name));
        if (c->item->type == ITEM_DATETIME) {
                c->day = *c->item;
                c->day.type = ITEM_DATE;
                c->item = &c->day;
        }
        return RC_OK;
}

/* One value in stored form. Lengths, limits and being required are no matter here. */
static rc read_value(struct reading *r, const json_t *v, const char *path, struct condition *c)
{
        struct item loose = *c->item;
        size_t before = r->cx->failure.count;
        str s;

        loose.name = str_of(path);
        loose.required = true;
        if (loose.type == ITEM_TEXT || loose.type == ITEM_KANA) {
                loose.min = 0;
                loose.max = ITEM_CHARS_MAX;
        } else if (loose.type == ITEM_INTEGER || loose.type == ITEM_DECIMAL) {
                loose.min = INT64_MIN;
                loose.max = INT64_MAX;
        }
        if (c->item->type == ITEM_TEXT && json_is_integer(v))
                v = json_str(str_format(r->cx->mem, "%" PRId64, (int64_t)json_integer_value(v)));
        if (item_parse_json(r->cx, &loose, v, &s) != RC_OK) {
                must(r->cx->failure.count > before || before == COUNT(r->cx->failure.problem));
                return r->cx->failure.code;
        }
        if (c->item->type == ITEM_REFERENCE && !str_int(s, &(int64_t){ 0 }))
                return fail(r->cx, RC_INVALID, path, "must be the number of a record");
        c->values[c->value_count++] = s;
        return RC_OK;
}

static rc read_text(struct reading *r, const json_t *v, const char *path, struct condition *c)
{
        str s = json_is_integer(v) ? str_format(r->cx->mem, "%" PRId64, (int64_t)json_integer_value(v)) : str_trim(json_text(v));

        if (s.n == 0)
                return fail(r->cx, RC_INVALID, path, "must not be empty");
        TRY(text_check(r->cx, s, path, 200, false));
        c->values[c->value_count++] = s;
        c->path = path;
        return RC_OK;
}

static rc read_number(struct reading *r, const json_t *v, const char *path, struct condition *c)
{
        int64_t n, max = c->op == OP_MONTH_IS ? 12 : 36500;

        if (json_is_integer(v))
                n = json_integer_value(v);
        else if (!json_is_string(v) || !str_int(str_trim(json_text(v)), &n))
                return fail(r->cx, RC_INVALID, path, "must be a whole number");
        if (n < 1 || n > max)
                return fail(r->cx, RC_INVALID, path, "must be a number from 1 to %d", (int)max);
        c->values[c->value_count++] = str_format(r->cx->mem, "%d", (int)n);
        return RC_OK;
}

static rc read_operand(struct reading *r, const json_t *v, const char *path, struct condition *c)
{
        switch (ops[c->op].operand) {
        case OF_ITEM: return read_value(r, v, path, c);
        case OF_TEXT: return read_text(r, v, path, c);
        case OF_NUMBER: break;
        }
        return read_number(r, v, path, c);
}

static rc read_values(struct reading *r, const json_t *v, const char *path, struct condition *c)
{
        size_t n = json_array_size(v);

        switch (ops[c->op].arity) {
        case '0':
                return v == NULL || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0)
                           ? RC_OK
                           : fail(r->cx, RC_INVALID, path, "has no meaning here");
        case '1': c->values = NEW_ARRAY(r->cx->mem, str, 1); return read_operand(r, v, path, c);
        case '2':
                if (!json_is_array(v) || n != 2)
                        return fail(r->cx, RC_INVALID, path, "must be a list of two values, from and to");
                break;
        default:
                if (!json_is_array(v) || n == 0 || n > CONDITION_VALUES_MAX)
                        return fail(r->cx, RC_INVALID, path, "must be a list of 1 to %d values", CONDITION_VALUES_MAX);
        }
        c->values = NEW_ARRAY(r->cx->mem, str, n);
        for (size_t i = 0; i < n; i++)
                TRY(read_operand(r, json_array_get(v, i), str_format(r->cx->mem, "%s[%zu]", path, i).p, c));
        return RC_OK;
}

static rc read_leaf(struct reading *r, const json_t *json, const char *path, struct condition *c)
{
        str op = json_get_text(json, "op");

        c->kind = LEAF;
        TRY(only_members(r, json, path, "item", "op", "value"));
        TRY(find_item(r, json_get_text(json, "item"), path, c));
        for (c->op = 0; c->op < OPS && !str_is(op, ops[c->op].name);)
                c->op++;
        if (c->op == OPS)
                return fail(r->cx, RC_INVALID, member(r, path, "op"), "there is no operator \"%.*s\"", STR_ARG(utf8_head(op, 60)));
        if (!(ops[c->op].types & 1 << c->item->type))
                return fail(r->cx, RC_INVALID, member(r, path, "op"), "\"%s\" cannot be asked of an item of type %s", ops[c->op].name,
                            item_type_name(c->item->type));
        return read_values(r, json_object_get(json, "value"), member(r, path, "value"), c);
}

static rc read_history(struct reading *r, const json_t *json, const char *path, struct condition *c)
{
        struct reading inner = *r;
        str name = json_get_text(json, "register");

        c->kind = HISTORY;
        if (!json_is_object(json))
                return fail(r->cx, RC_INVALID, path, "must be an object with register and has");
        TRY(only_members(r, json, path, "register", "has", NULL));
        if (r->inside)
                return fail(r->cx, RC_INVALID, path, "a history has no histories of its own");
        if (definition_get(r->cx, name, &c->history) != RC_OK) {
                if (r->cx->failure.code != RC_UNKNOWN)
                        return r->cx->failure.code;
                fail_clear(r->cx);
                c->history = NULL;
        }
        if (c->history == NULL || c->history->master == NULL || !str_equal(c->history->master->reference, r->def->name) ||
            !sql_visible(r->cx, c->history->master) || !permission_held_for(r->cx, PERM_RECORD_READ, name))
                return fail(r->cx, RC_INVALID, member(r, path, "register"), "there is no history \"%.*s\" of this register",
                            STR_ARG(utf8_head(name, 60)));
        inner.def = c->history;
        inner.inside = true;
        if (json_object_get(json, "has") != NULL)
                TRY(read_list(&inner, json_object_get(json, "has"), member(r, path, "has"), c));
        r->count = inner.count;
        return RC_OK;
}

static rc read_node(struct reading *r, const json_t *json, const char *path, struct condition **ret)
{
        struct condition *c = NEW(r->cx->mem, struct condition);
        rc code;

        *ret = c;
        if (!json_is_object(json))
                return fail(r->cx, RC_INVALID, path, "must be an object: all, any, none, history, or item with op and value");
        if (++r->count > CONDITION_COUNT_MAX)
                return fail(r->cx, RC_INVALID, path, "there may be at most %d conditions", CONDITION_COUNT_MAX);
        for (int k = ALL; k <= NONE; k++) {
                json_t *list = json_object_get(json, group_names[k]);

                if (list == NULL)
                        continue;
                TRY(only_members(r, json, path, group_names[k], NULL, NULL));
                if (r->depth == CONDITION_DEPTH_MAX)
                        return fail(r->cx, RC_INVALID, path, "groups may be at most %d deep", CONDITION_DEPTH_MAX);
                c->kind = (enum kind)k;
                r->depth++;
                code = read_list(r, list, member(r, path, group_names[k]), c);
                r->depth--;
                return code;
        }
        if (json_object_get(json, "history") != NULL) {
                TRY(only_members(r, json, path, "history", NULL, NULL));
                return read_history(r, json_object_get(json, "history"), member(r, path, "history"), c);
        }
        if (json_object_get(json, "item") == NULL)
                return fail(r->cx, RC_INVALID, path, "must be an object: all, any, none, history, or item with op and value");
        return read_leaf(r, json, path, c);
}

/* The conditions that ask for a piece of text, in order. */
static size_t pieces_find(struct condition *c, struct condition **ret, size_t n)
{
        if (c->kind == LEAF && ops[c->op].operand == OF_TEXT)
                ret[n++] = c;
        for (size_t i = 0; i < c->count; i++)
                n = pieces_find(c->list[i], ret, n);
        return n;
}

static rc pieces_fold(struct cx *cx, struct condition *c)
{
        struct condition *pieces[CONDITION_COUNT_MAX];
        struct search_word words[CONDITION_COUNT_MAX];
        str texts[CONDITION_COUNT_MAX];
        size_t count = pieces_find(c, pieces, 0);

        if (count == 0)
                return RC_OK;
        for (size_t i = 0; i < count; i++)
                texts[i] = pieces[i]->values[0];
        TRY(search_fold(cx, texts, count, words));
        for (size_t i = 0; i < count; i++) {
                pieces[i]->word = words[i];
                if (words[i].folded.n == 0)
                        (void)fail(cx, RC_INVALID, pieces[i]->path, "must hold a letter, digit, kana or kanji; marks alone find nothing");
        }
        return cx->failure.code;
}

rc condition_parse(struct cx *cx, const struct definition *def, const json_t *json, struct condition **ret)
{
        struct reading r = { .cx = cx, .def = def };
        struct condition *c;

        if (json == NULL || json_is_null(json)) {
                *ret = NULL;
                return RC_OK;
        }
        TRY(read_node(&r, json, "condition", &c));
        if (cx->db != NULL)
                TRY(pieces_fold(cx, c));
        *ret = c;
        return RC_OK;
}

rc condition_read(struct cx *cx, const struct definition *def, str text, struct condition **ret, json_t **ret_json)
{
        json_t *json = NULL;

        text = str_trim(text);
        if (text.n > CONDITION_SIZE_MAX)
                return fail(cx, RC_TOO_LARGE, "condition", "may have at most %d bytes", CONDITION_SIZE_MAX);
        if (text.n > 0)
                TRY(json_read(cx, text, &json));
        TRY(condition_parse(cx, def, json, ret));
        *ret_json = json;
        return RC_OK;
}

/* SQL
 * --------------------------------------------------------------------------------------------------------------------------------------------
 */

#define TODAY "(daicho.clock() at time zone 'Asia/Tokyo')::date"

static void column(struct sql *sql, const struct condition *c)
{
        if (!c->system && c->item != &c->day)
                sql_column(sql, c->item);
        else if (!c->system) {
                sql_add(sql, "(");
                sql_column(sql, c->item);
                sql_add(sql, " at time zone 'Asia/Tokyo')::date");
        } else if (c->item->type == ITEM_INTEGER)
                sql_system(sql, SQL_ID);
        else {
                sql_add(sql, "(");
                sql_system(sql, str_is(c->item->name, "created_at") ? SQL_CREATED_AT : SQL_UPDATED_AT);
                sql_add(sql, " at time zone 'Asia/Tokyo')::date");
        }
}

/* Telephone numbers are the same with and without hyphens. */
static void compared(struct sql *sql, const struct condition *c)
{
        if (c->item->type != ITEM_TELEPHONE) {
                column(sql, c);
                return;
        }
        sql_add(sql, "replace(");
        column(sql, c);
        sql_add(sql, ", '-', '')");
}

static void value(struct sql *sql, const struct condition *c, size_t i)
{
        str s = c->values[i];

        if (c->item->type == ITEM_TELEPHONE) {
                char *p = str_z(sql->cx->mem, s);
                size_t n = 0;

                for (size_t j = 0; j < s.n; j++)
                        if (s.p[j] != '-')
                                p[n++] = s.p[j];
                s = (str){ p, n };
        }
        sql_value(sql, c->item, s);
}

static void values_array(struct sql *sql, const struct condition *c)
{
        struct condition plain = *c;
        struct sql scratch = { .cx = sql->cx, .text = buf_open(sql->cx->mem, KB(64)) };

        for (size_t i = 0; i < c->value_count; i++)
                value(&scratch, &plain, i);
        sql_arg(sql, db_array(sql->cx, scratch.args, scratch.count), item_pg_type(c->item));
        sql_add(sql, "[]");
}

static void binary(struct sql *sql, const struct condition *c, str operator)
{
        compared(sql, c);
        buf_add(&sql->text, operator);
        value(sql, c, 0);
}

static void contains(struct sql *sql, const struct condition *c)
{
        sql_add(sql, "strpos(daicho.fold(");
        column(sql, c);
        sql_add(sql, "), (select ");
        sql_arg(sql, c->word.folded, "text");
        sql_add(sql, ")) > 0");
}

static void leaf_sql(struct sql *sql, const struct condition *c)
{
        static const char *const signs[] = {
                [OP_EQ] = " = ", [OP_NE] = " is distinct from ", [OP_LT] = " < ", [OP_LE] = " <= ", [OP_GT] = " > ", [OP_GE] = " >= "
        };

        switch (c->op) {
        case OP_EQ:
        case OP_NE:
        case OP_LT:
        case OP_LE:
        case OP_GT:
        case OP_GE: binary(sql, c, str_of(signs[c->op])); break;
        case OP_IN:
                compared(sql, c);
                sql_add(sql, " = any (");
                values_array(sql, c);
                sql_add(sql, ")");
                break;
        case OP_NOT_IN:
                column(sql, c);
                sql_add(sql, " is null or ");
                compared(sql, c);
                sql_add(sql, " <> all (");
                values_array(sql, c);
                sql_add(sql, ")");
                break;
        case OP_BETWEEN:
                column(sql, c);
                sql_add(sql, " between ");
                value(sql, c, 0);
                sql_add(sql, " and ");
                value(sql, c, 1);
                break;
        case OP_CONTAINS: contains(sql, c); break;
        case OP_NOT_CONTAINS:
                sql_add(sql, "not coalesce(");
                contains(sql, c);
                sql_add(sql, ", false)");
                break;
        case OP_STARTS:
                sql_add(sql, "starts_with(daicho.fold(");
                column(sql, c);
                sql_add(sql, "), ");
                sql_arg(sql, c->word.folded, "text");
                sql_add(sql, ")");
                break;
        case OP_ENDS:
                sql_add(sql, "right(daicho.fold(");
                column(sql, c);
                sql_add(sql, "), length(");
                sql_arg(sql, c->word.folded, "text");
                sql_add(sql, ")) = ");
                sql_arg(sql, c->word.folded, "text");
                break;
        case OP_EMPTY:
                column(sql, c);
                sql_add(sql, " is null");
                break;
        case OP_NOT_EMPTY:
                column(sql, c);
                sql_add(sql, " is not null");
                break;
        case OP_LAST_DAYS:
                column(sql, c);
                sql_add(sql, " between " TODAY " - (");
                sql_arg(sql, c->values[0], "int");
                sql_add(sql, " - 1) and " TODAY);
                break;
        case OP_NEXT_DAYS:
                column(sql, c);
                sql_add(sql, " between " TODAY " and " TODAY " + (");
                sql_arg(sql, c->values[0], "int");
                sql_add(sql, " - 1)");
                break;
        case OP_MONTH_IS:
                sql_add(sql, "extract(month from ");
                column(sql, c);
                sql_add(sql, ") = ");
                sql_arg(sql, c->values[0], "int");
                break;
        case OP_THIS_MONTH:
        case OP_LAST_MONTH:
        case OP_THIS_YEAR:
                column(sql, c);
                if (c->op == OP_THIS_MONTH)
                        sql_add(sql, " between date_trunc('month', " TODAY "::timestamp)::date and (date_trunc('month', " TODAY
                                     "::timestamp) + interval '1 month')::date - 1");
                else if (c->op == OP_LAST_MONTH)
                        sql_add(sql, " between (date_trunc('month', " TODAY "::timestamp) - interval '1 month')::date and date_trunc('month', " TODAY
                                     "::timestamp)::date - 1");
                else
                        sql_add(sql, " between date_trunc('year', " TODAY "::timestamp)::date and (date_trunc('year', " TODAY
                                     "::timestamp) + interval '1 year')::date - 1");
                break;
        case OPS: break;
        }
}

static void list_sql(struct sql *sql, const struct condition *c, str between, str empty)
{
        for (size_t i = 0; i < c->count; i++) {
                if (i > 0)
                        buf_add(&sql->text, between);
                condition_sql(sql, c->list[i]);
        }
        if (c->count == 0)
                buf_add(&sql->text, empty);
}

void condition_sql(struct sql *sql, const struct condition *c)
{
        char outer = sql->alias;

        sql_add(sql, "(");
        switch (c->kind) {
        case ALL: list_sql(sql, c, S(" and "), S("true")); break;
        case ANY: list_sql(sql, c, S(" or "), S("true")); break;
        case NONE:
                sql_add(sql, "not coalesce(");
                list_sql(sql, c, S(" or "), S("false"));
                sql_add(sql, ", false)");
                break;
        case LEAF: leaf_sql(sql, c); break;
        case HISTORY:
                sql_add(sql, "exists (select 1 from ");
                sql_table(sql, c->history);
                sql_add(sql, " h where h.");
                sql_name(sql, c->history->master->name);
                sql_add(sql, " = r.id and ");
                sql->alias = 'h';
                list_sql(sql, c, S(" and "), S("true"));
                sql->alias = outer;
                sql_add(sql, ")");
                break;
        }
        sql_add(sql, ")");
}

/* A word that every record meant must hold in its search text. */
static bool word_needed(const struct cx *cx, const struct condition *c)
{
        return c->kind == LEAF && c->op == OP_CONTAINS && c->item->searchable && !cx->masked && !str_absent(c->word.grams);
}

size_t condition_words(const struct cx *cx, const struct condition *c, struct search_word *ret, size_t max)
{
        size_t n = 0;

        if (c == NULL)
                return 0;
        if (word_needed(cx, c) && max > 0) {
                ret[0] = c->word;
                return 1;
        }
        if (c->kind != ALL)
                return 0;
        for (size_t i = 0; i < c->count; i++)
                n += condition_words(cx, c->list[i], ret + n, max - n);
        return n;
}

/* Sentences
 * ---------------------------------------------------------------------------------------------------------------------------------------
 */

static str shown(struct cx *cx, const struct condition *c, size_t i)
{
        struct item plain = *c->item;

        plain.era = false; /* a sentence is long enough */
        return ops[c->op].operand == OF_ITEM && !(c->system && plain.type == ITEM_INTEGER) ? item_show(cx->mem, cx->lang, &plain, c->values[i])
                                                                                           : c->values[i];
}

static str leaf_sentence(struct cx *cx, const struct condition *c)
{
        enum { SHOWN = 12 };
        const char *format = ops[c->op == OP_IN && c->value_count == 1 ? OP_EQ : c->op].sentence[cx->lang];
        struct buf b = buf_open(cx->mem, KB(16));
        str second = S("");

        if (c->item->type == ITEM_DATE && ops[c->op].date[cx->lang] != NULL)
                format = ops[c->op].date[cx->lang];
        for (size_t i = 0; i < c->value_count && i < SHOWN; i++) {
                if (c->op == OP_BETWEEN && i == 1) {
                        second = shown(cx, c, 1);
                        continue;
                }
                if (i > 0)
                        buf_add(&b, cx->lang == LANG_JA ? S("・") : S(", "));
                buf_add(&b, shown(cx, c, i));
        }
        if (c->value_count > SHOWN)
                buf_format(&b, cx->lang == LANG_JA ? "ほか%zu件" : " and %zu more", c->value_count - SHOWN);
        return str_format(cx->mem, format, str_z(cx->mem, c->item->title[cx->lang]), str_z(cx->mem, buf_str(&b)), str_z(cx->mem, second));
}

static str group_sentence(struct cx *cx, const struct condition *c, bool nested)
{
        struct buf b = buf_open(cx->mem, KB(32));
        bool ja = cx->lang == LANG_JA, brackets = nested && c->count > 1;
        str between = c->kind == ANY || c->kind == NONE ? (ja ? S("、または") : S(" or ")) : (ja ? S("、かつ") : S(" and "));

        if (c->count == 0)
                return c->kind == NONE || c->kind == ALL || c->kind == ANY ? (ja ? S("すべて") : S("everything")) : S("");
        if (c->kind == NONE)
                buf_add(&b, ja ? S("「") : S("not ("));
        else if (brackets)
                buf_add(&b, ja ? S("（") : S("("));
        for (size_t i = 0; i < c->count; i++) {
                if (i > 0)
                        buf_add(&b, between);
                if (c->list[i]->kind == ALL || c->list[i]->kind == ANY || c->list[i]->kind == NONE)
                        buf_add(&b, group_sentence(cx, c->list[i], c->kind != NONE || c->count > 1));
                else
                        buf_add(&b, condition_sentence(cx, c->list[i]));
        }
        if (c->kind == NONE)
                buf_add(&b, ja ? S("」ではない") : S(")"));
        else if (brackets)
                buf_add(&b, ja ? S("）") : S(")"));
        return buf_str(&b);
}

str condition_sentence(struct cx *cx, const struct condition *c)
{
        str inside;

        if (c == NULL)
                return cx->lang == LANG_JA ? S("すべて") : S("everything");
        if (c->kind == LEAF)
                return leaf_sentence(cx, c);
        if (c->kind != HISTORY)
                return group_sentence(cx, c, false);
        inside = group_sentence(cx, c, false);
        if (inside.n == 0)
                return str_format(cx->mem, cx->lang == LANG_JA ? "%.*sがある" : "has %.*s", STR_ARG(c->history->title[cx->lang]));
        return str_format(cx->mem, cx->lang == LANG_JA ? "%.*sに「%.*s」がある" : "has %.*s where %.*s", STR_ARG(c->history->title[cx->lang]),
                          STR_ARG(inside));
}

json_t *condition_ops(struct cx *cx)
{
        json_t *list = json_array();

        for (int o = 0; o < OPS; o++) {
                struct buf types = buf_open(cx->mem, 200);
                json_t *op = json_object();

                for (int t = 0; t < ITEM_TYPES; t++)
                        if (ops[o].types & 1 << t) {
                                if (types.n > 0)
                                        buf_char(&types, ' ');
                                buf_add(&types, str_of(item_type_name((enum item_type)t)));
                        }
                (void)json_set(op, "name", json_string(ops[o].name));
                (void)json_set(op, "title", json_string(ops[o].title[cx->lang]));
                (void)json_set(op, "types", json_str(buf_str(&types)));
                (void)json_set(op, "arity", json_stringn(&ops[o].arity, 1));
                (void)json_set(op, "input", json_string(ops[o].operand == OF_NUMBER ? "number" : ops[o].operand == OF_TEXT ? "text" : ""));
                json_array_append_new(list, op);
        }
        return list;
}

size_t condition_system_items(const struct item **ret)
{
        *ret = system_items;
        return COUNT(system_items);
}
