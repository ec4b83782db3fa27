/* condition_parse.c - JSON to a condition, checked against the definition: every mistake with its path. */
#include "base/house.h"

#include "register/condition_node.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "identity/permission.h"
#include "register/item.h"
#include "register/item_account.h"
#include "register/item_class.h"
#include "register/segment.sql.h"

/* Segments that are being read, the innermost first. */
struct chain {
        int64_t id;
        int depth;
        const struct chain *outer;
};

struct reading {
        struct cx *cx;
        const struct definition *def;
        size_t count;
        int depth;
        bool inside; /* a history */
        bool saved;  /* a segment */
        const struct chain *chain;
        const struct definition *wanted; /* of a history, in place of what it is now */
};

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
        for (size_t i = 0; i < CONDITION_SYSTEM_ITEMS; i++)
                if (str_equal(condition_node_system[i].name, name)) {
                        c->item = &condition_node_system[i];
                        c->system = true;
                        return RC_OK;
                }
        c->item = definition_item_ever(r->def, name);
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
        if (loose.type == ITEM_TEXT || loose.type == ITEM_KANA || loose.type == ITEM_COMPUTED) {
                loose.min = 0;
                loose.max = ITEM_CHARS_MAX;
                loose.characters |= loose.characters != 0 ? ITEM_CLASS_LENIENT : 0u;
        } else if (loose.type == ITEM_INTEGER || loose.type == ITEM_DECIMAL) {
                loose.min = INT64_MIN;
                loose.max = INT64_MAX;
        }
        if (loose.type == ITEM_CHOICES)
                loose.type = ITEM_CHOICE; /* one of them */
        if (c->item->type == ITEM_TEXT && json_is_integer(v))
                v = json_str(str_format(r->cx->mem, "%" PRId64, (int64_t)json_integer_value(v)));
        if (item_parse_json(r->cx, &loose, v, &s) != RC_OK) {
                must(r->cx->failure.count > before || before == COUNT(r->cx->failure.problem));
                return r->cx->failure.code;
        }
        if (c->item->type == ITEM_REFERENCE && !str_int(s, &(int64_t){ 0 }))
                return fail(r->cx, RC_INVALID, path, "must be the number of a record");
        if (c->item->type == ITEM_ACCOUNT && r->cx->db != NULL)
                TRY(item_account_find(r->cx, path, s, &s, &c->names[c->value_count]));
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
        int64_t n, max = condition_node_ops[c->op].max ? condition_node_ops[c->op].max : 36500;

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
        switch (condition_node_ops[c->op].operand) {
        case OF_ITEM: return read_value(r, v, path, c);
        case OF_TEXT: return read_text(r, v, path, c);
        case OF_NUMBER: break;
        }
        return read_number(r, v, path, c);
}

static rc read_values(struct reading *r, const json_t *v, const char *path, struct condition *c)
{
        size_t n = json_array_size(v);

        switch (condition_node_ops[c->op].arity) {
        case '0':
                return v == NULL || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0)
                           ? RC_OK
                           : fail(r->cx, RC_INVALID, path, "has no meaning here");
        case '1':
                c->values = NEW_ARRAY(r->cx->mem, str, 1);
                c->names = NEW_ARRAY(r->cx->mem, str, 1);
                return read_operand(r, v, path, c);
        case '2':
                if (!json_is_array(v) || n != 2)
                        return fail(r->cx, RC_INVALID, path, "must be a list of two values, from and to");
                break;
        default:
                if (!json_is_array(v) || n == 0 || n > CONDITION_VALUES_MAX)
                        return fail(r->cx, RC_INVALID, path, "must be a list of 1 to %d values", CONDITION_VALUES_MAX);
        }
        c->values = NEW_ARRAY(r->cx->mem, str, n);
        c->names = NEW_ARRAY(r->cx->mem, str, n);
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
        for (c->op = 0; c->op < OPS && !str_is(op, condition_node_ops[c->op].name);)
                c->op++;
        if (c->op == OPS)
                return fail(r->cx, RC_INVALID, member(r, path, "op"), "there is no operator \"%.*s\"", STR_ARG(utf8_head(op, 60)));
        if (!(condition_node_ops[c->op].types & 1 << c->item->type))
                return fail(r->cx, RC_INVALID, member(r, path, "op"), "\"%s\" cannot be asked of an item of type %s", condition_node_ops[c->op].name,
                            item_type_name(c->item->type));
        return read_values(r, json_object_get(json, "value"), member(r, path, "value"), c);
}

/* {">=": 2}, {"<=": 0} or {"=": 1} */
static rc read_amount(struct reading *r, const json_t *json, const char *path, struct condition *c)
{
        static const char *const signs[] = { [AMOUNT_AT_LEAST] = ">=", [AMOUNT_AT_MOST] = "<=", [AMOUNT_EXACTLY] = "=" };

        for (size_t i = AMOUNT_AT_LEAST; i < COUNT(signs); i++) {
                const json_t *n = json_object_get(json, signs[i]);

                if (n == NULL || json_object_size(json) != 1)
                        continue;
                if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) > 1000000)
                        return fail(r->cx, RC_INVALID, path, "must be a number from 0 to %d", 1000000);
                c->amount = (enum amount)i;
                c->amount_of = json_integer_value(n);
                return RC_OK;
        }
        return fail(r->cx, RC_INVALID, path, "must be one of: %s", "{\">=\": N} {\"<=\": N} {\"=\": N}");
}

/* The day that "within" means: the item named, else the first day of the history that is always there, else when the entry was made. */
static rc read_within(struct reading *r, const json_t *json, const char *path, struct condition *c)
{
        const json_t *days = json_object_get(json, "within_days");
        str on = json_get_text(json, "on");
        const struct item *item = NULL;

        if (days == NULL)
                return str_absent(on) ? RC_OK : fail(r->cx, RC_INVALID, member(r, path, "on"), "has no meaning here");
        if (!json_is_integer(days) || json_integer_value(days) < 1 || json_integer_value(days) > 36500)
                return fail(r->cx, RC_INVALID, member(r, path, "within_days"), "must be a number from 1 to %d", 36500);
        c->within_days = json_integer_value(days);
        if (!str_absent(on)) {
                item = definition_item(c->history, on);
                if (item == NULL || !sql_visible(r->cx, item) || (item->type != ITEM_DATE && item->type != ITEM_DATETIME))
                        return fail(r->cx, RC_INVALID, member(r, path, "on"), "must be an item of that history that holds a day");
        }
        for (size_t i = 0; item == NULL && i < c->history->item_count; i++) {
                const struct item *one = &c->history->items[i];

                if (one->required && sql_visible(r->cx, one) && (one->type == ITEM_DATE || one->type == ITEM_DATETIME))
                        item = one;
        }
        c->when = item;
        return RC_OK;
}

static rc only_history_members(struct reading *r, const json_t *json, const char *path)
{
        static const char *const names[] = { "register", "has", "count", "within_days", "on" };
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)json, name, value) {
                bool known = false;

                for (size_t i = 0; i < COUNT(names); i++)
                        known = known || strcmp(name, names[i]) == 0;
                if (!known)
                        return fail(r->cx, RC_INVALID, member(r, path, name), "has no meaning here");
        }
        return RC_OK;
}

static rc read_history(struct reading *r, const json_t *json, const char *path, struct condition *c)
{
        struct reading inner = *r;
        str name = json_get_text(json, "register");

        c->kind = HISTORY;
        if (!json_is_object(json))
                return fail(r->cx, RC_INVALID, path, "must be an object with register and has");
        TRY(only_history_members(r, json, path));
        if (r->inside)
                return fail(r->cx, RC_INVALID, path, "a history has no histories of its own");
        if (r->wanted != NULL && str_equal(r->wanted->name, name)) {
                c->history = r->wanted;
        } else if (definition_get(r->cx, name, &c->history) != RC_OK) {
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
        TRY(read_within(r, json, path, c));
        return json_object_get(json, "count") == NULL ? RC_OK : read_amount(r, json_object_get(json, "count"), member(r, path, "count"), c);
}

/* A saved condition stands for what it says now. Whose it is was asked when it was put into another: what is inside is not asked again. */
static rc read_segment(struct reading *r, const json_t *json, const char *path, struct condition *c)
{
        int64_t id = json_integer_value(json), me = r->cx->actor.kind == ACTOR_ACCOUNT ? r->cx->actor.id : 0;
        struct chain chain = { .id = id, .depth = r->chain ? r->chain->depth + 1 : 1, .outer = r->chain };
        struct reading inner = *r;
        struct segment_source *row = NULL;
        json_t *condition;

        if (!json_is_integer(json) || id <= 0)
                return fail(r->cx, RC_INVALID, path, "must be the number of a segment");
        if (r->inside)
                return fail(r->cx, RC_INVALID, path, "segments of other registers have no meaning inside a history");
        for (const struct chain *at = r->chain; at != NULL; at = at->outer)
                if (at->id == id)
                        return fail(r->cx, RC_INVALID, path, "a segment cannot contain itself");
        if (chain.depth > CONDITION_SEGMENTS_MAX)
                return fail(r->cx, RC_INVALID, path, "segments may stand in each other at most %d deep", CONDITION_SEGMENTS_MAX);
        if (r->cx->db != NULL)
                TRY(sql_segment_source(r->cx, r->def->name, id, me, r->saved || r->cx->actor.kind == ACTOR_SYSTEM, &row));
        if (row == NULL)
                return fail(r->cx, RC_INVALID, path, "there is no such segment of this register, or it is not yours to use");
        TRY(json_read(r->cx, row->condition, &condition));
        c->kind = SEGMENT;
        c->segment = id;
        c->segment_name = row->name;
        c->segment_means = row->condition;
        c->list = NEW_ARRAY(r->cx->mem, struct condition *, 1);
        inner.chain = &chain;
        inner.saved = true;
        inner.depth = 0;
        TRY(read_node(&inner, condition, path, &c->list[0]));
        c->count = 1;
        r->count = inner.count;
        return RC_OK;
}

static rc read_node(struct reading *r, const json_t *json, const char *path, struct condition **ret)
{
        struct condition *c = NEW(r->cx->mem, struct condition);
        rc code;

        *ret = c;
        if (!json_is_object(json))
                return fail(r->cx, RC_INVALID, path, "must be an object: all, any, none, history, segment, or item with op and value");
        if (++r->count > CONDITION_COUNT_MAX)
                return fail(r->cx, RC_INVALID, path, "there may be at most %d conditions", CONDITION_COUNT_MAX);
        for (int k = ALL; k <= NONE; k++) {
                json_t *list = json_object_get(json, condition_node_groups[k]);

                if (list == NULL)
                        continue;
                TRY(only_members(r, json, path, condition_node_groups[k], NULL, NULL));
                if (r->depth == CONDITION_DEPTH_MAX)
                        return fail(r->cx, RC_INVALID, path, "groups may be at most %d deep", CONDITION_DEPTH_MAX);
                c->kind = (enum kind)k;
                r->depth++;
                code = read_list(r, list, member(r, path, condition_node_groups[k]), c);
                r->depth--;
                return code;
        }
        if (json_object_get(json, "history") != NULL) {
                TRY(only_members(r, json, path, "history", NULL, NULL));
                return read_history(r, json_object_get(json, "history"), member(r, path, "history"), c);
        }
        if (json_object_get(json, "segment") != NULL) {
                TRY(only_members(r, json, path, "segment", NULL, NULL));
                return read_segment(r, json_object_get(json, "segment"), member(r, path, "segment"), c);
        }
        if (json_object_get(json, "item") == NULL)
                return fail(r->cx, RC_INVALID, path, "must be an object: all, any, none, history, segment, or item with op and value");
        return read_leaf(r, json, path, c);
}

/* The conditions that ask for a piece of text, in order. */
static size_t pieces_find(struct condition *c, struct condition **ret, size_t n)
{
        if (c->kind == LEAF && condition_node_ops[c->op].operand == OF_TEXT)
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

rc condition_parse_as(struct cx *cx, const struct definition *def, const json_t *json, const struct condition_reading *how, struct condition **ret)
{
        const struct chain chain = { .id = how->segment, .depth = 1 };
        struct reading r = { .cx = cx, .def = def, .saved = how->saved, .chain = how->segment ? &chain : NULL, .wanted = how->wanted };
        struct condition *c;

        if (json == NULL || json_is_null(json)) {
                *ret = NULL;
                return RC_OK;
        }
        TRY(read_node(&r, json, "condition", &c));
        if (!how->bare && cx->db != NULL)
                TRY(pieces_fold(cx, c));
        *ret = c;
        return RC_OK;
}

rc condition_parse(struct cx *cx, const struct definition *def, const json_t *json, struct condition **ret)
{
        return condition_parse_as(cx, def, json, &(struct condition_reading){ 0 }, ret);
}
