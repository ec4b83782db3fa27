/* definition_door.c - see definition_door.h. The draft travels with the forms as JSON: nothing is kept between two pages, nothing is stored before the plan
 * was confirmed (PUT /registers/{register}), and everything works without scripts. One button, one act: `up:3`, `edit:3`, `save:3`, `plan`. */
#include "base/house.h"

#include "console/definition_door.h"

#include "base/buf.h"
#include "base/fail.h"
#include "log/log.h"
#include "page/page.h"
#include "register/define.h"
#include "register/item.h"
#include "register/item_file.h"

struct edit {
        struct cx *cx;
        const struct http_req *req;
        const struct definition *def; /* as it is stored */
        json_t *draft;
        json_t *items; /* of the draft */
        size_t number; /* of the item the act is about; items' count: a new one */
};

static const char *const flags[] = { "required", "unique", "personal", "searchable", "list", "indexed" };

/* Names ------------------------------------------------------------------------------------------------------------------------------ */

/* A rule that lost an item would find more than anybody asked for: it goes. */
static void rules_follow(json_t *rules, str before, str now)
{
        for (size_t i = json_array_size(rules); i-- > 0;) {
                json_t *rule = json_array_get(rules, i);
                bool goes = false;

                for (size_t k = 0; k < json_array_size(rule); k++)
                        if (str_equal(json_text(json_array_get(rule, k)), before)) {
                                goes = str_absent(now);
                                if (!goes)
                                        (void)json_array_set_new(rule, k, json_str(now));
                        }
                if (goes)
                        (void)json_array_remove(rules, i);
        }
}

/* A part of an address whose item goes has none any more: it joins the rest. */
static void fills_follow(json_t *items, str before, str now)
{
        static const char *const parts[] = { "prefecture", "city", "town", "address" };
        json_t *item;
        size_t i;

        json_array_foreach(items, i, item) {
                json_t *fills = json_object_get(item, "fills");

                for (size_t k = 0; k < COUNT(parts); k++) {
                        if (!str_equal(json_get_text(fills, parts[k]), before))
                                continue;
                        if (str_absent(now))
                                (void)json_object_del(fills, parts[k]);
                        else
                                (void)json_set(fills, parts[k], json_str(now));
                }
                if (fills != NULL && json_object_size(fills) == 0)
                        (void)json_object_del(item, "fills");
        }
}

/* key, master, state, heading, rules of duplicates, what postal codes fill and the items' former names follow a name. now absent: the item goes. */
static void name_follow(const struct edit *e, str before, str now)
{
        static const char *const roles[] = { "key", "master", "state" };
        json_t *heading = json_object_get(e->draft, "heading");

        for (size_t i = 0; i < COUNT(roles); i++)
                if (str_equal(json_get_text(e->draft, roles[i]), before) && !str_absent(now))
                        (void)json_set(e->draft, roles[i], json_str(now));
        for (size_t i = json_array_size(heading); i-- > 0;) {
                if (!str_equal(json_text(json_array_get(heading, i)), before))
                        continue;
                if (str_absent(now))
                        (void)json_array_remove(heading, i);
                else
                        (void)json_array_set_new(heading, i, json_str(now));
        }
        if (heading != NULL && json_array_size(heading) == 0)
                (void)json_object_del(e->draft, "heading");
        rules_follow(json_object_get(e->draft, "duplicates"), before, now);
        fills_follow(json_object_get(e->draft, "items"), before, now);
}

/* The name an item has in the database is remembered; one that was never stored is not. */
static void name_set(const struct edit *e, json_t *item, str now)
{
        str before = json_get_text(item, "name");
        json_t *formerly = json_object_get(item, "formerly");

        if (str_absent(now) || str_empty(now) || (!str_absent(before) && str_equal(before, now)))
                return;
        if (!str_absent(before)) {
                if (definition_item(e->def, before) != NULL) {
                        if (formerly == NULL) {
                                formerly = json_array();
                                (void)json_set(item, "formerly", formerly);
                        }
                        json_array_append_new(formerly, json_str(before));
                }
                for (size_t i = json_array_size(formerly); i-- > 0;)
                        if (str_equal(json_text(json_array_get(formerly, i)), now))
                                (void)json_array_remove(formerly, i);
                if (formerly != NULL && json_array_size(formerly) == 0)
                        (void)json_object_del(item, "formerly");
                name_follow(e, before, now);
        }
        (void)json_set(item, "name", json_str(now));
}

/* One item from its form ------------------------------------------------------------------------------------------------------------- */

static str field(const struct edit *e, const char *name)
{
        str s = http_field(e->req, name);

        return str_absent(s) ? S("") : str_trim(s);
}

static void member_set(json_t *item, const char *name, json_t *value)
{
        if (value != NULL)
                (void)json_set(item, name, value);
        else
                (void)json_object_del(item, name);
}

static void title_set(const struct edit *e, json_t *item, const char *member, const char *ja, const char *en)
{
        str a = field(e, ja), b = field(e, en);
        json_t *both;

        if (a.n == 0 && b.n == 0) {
                member_set(item, member, NULL);
        } else if (a.n == 0 || b.n == 0 || str_equal(a, b)) {
                member_set(item, member, json_str(a.n > 0 ? a : b));
        } else {
                both = json_set(json_object(), "ja", json_str(a));
                member_set(item, member, json_set(both, "en", json_str(b)));
        }
}

/* A number; what is none is kept as text, and refused where definitions are read. */
static void number_set(const struct edit *e, json_t *item, const char *name, bool possible)
{
        str s = field(e, name);
        int64_t n;

        if (s.n == 0 || !possible)
                member_set(item, name, NULL);
        else
                member_set(item, name, str_int(s, &n) ? json_integer(n) : json_str(s));
}

/* One a line; a line that names a choice there was keeps its titles and other ways to write it. */
static json_t *choice_of(json_t *before, str line)
{
        json_t *one;
        size_t i;

        json_array_foreach(before, i, one)
                if (str_equal(json_is_string(one) ? json_text(one) : json_get_text(one, "value"), line))
                        return json_incref(one);
        return json_str(line);
}

static void choices_set(const struct edit *e, json_t *item, bool possible)
{
        json_t *before = json_object_get(item, "choices"), *list = json_array();
        str rest = field(e, "choices");

        while (!str_empty(rest)) {
                str line = str_trim(str_cut(rest, '\n', &rest));

                if (line.n > 0)
                        json_array_append_new(list, choice_of(before, line));
        }
        member_set(item, "choices", possible ? list : NULL);
}

static bool is_one_of(str type, const char *const *list)
{
        for (; *list != NULL; list++)
                if (str_is(type, *list))
                        return true;
        return false;
}

/* Kinds of files, a tick box each; those of a definition that names none are the usual ones. */
static void accept_set(const struct edit *e, json_t *item, bool possible)
{
        json_t *all = item_file_names(~0u), *list = json_array(), *one;
        size_t i;

        json_array_foreach(all, i, one)
                if (str_is(field(e, str_format(e->cx->mem, "accept_%s", json_string_value(one)).p), "true"))
                        json_array_append_new(list, json_incref(one));
        if (json_array_size(list) == 0 || (json_object_get(item, "accept") == NULL && json_equal(list, item_file_names(ITEM_FILE_USUAL))))
                possible = false;
        member_set(item, "accept", possible ? list : NULL);
}

static json_t *accept_model(struct cx *cx, const json_t *item)
{
        json_t *all = item_file_names(~0u), *held = json_object_get(item, "accept"), *list = json_array(), *one, *kind;
        size_t i, k;

        if (!json_is_array(held))
                held = item_file_names(ITEM_FILE_USUAL);
        json_array_foreach(all, i, one) {
                json_t *m = json_set(json_object(), "kind", json_incref(one));
                bool chosen = false;

                json_array_foreach(held, k, kind)
                        chosen = chosen || json_equal(kind, one);
                (void)json_set(m, "title", json_str(item_file_title(cx->mem, cx->lang, item_file_kind(json_text(one)))));
                json_array_append_new(list, json_set(m, "chosen", json_boolean(chosen)));
        }
        return list;
}

/* Members that have no meaning for the type go: whoever chooses another one need not know them. */
static void type_set(const struct edit *e, json_t *item, str type)
{
        static const char *const limited[] = { "text", "kana", "integer", "decimal", "choices", NULL }, *const chosen[] = { "choice", "choices",
                                                                                                                            NULL };
        static const char *const of_text[] = { "lines", "characters" };

        (void)json_set(item, "type", json_str(type));
        number_set(e, item, "min", is_one_of(type, limited));
        number_set(e, item, "max", is_one_of(type, limited) || str_is(type, "file"));
        number_set(e, item, "scale", str_is(type, "decimal"));
        choices_set(e, item, is_one_of(type, chosen));
        member_set(item, "register", str_is(type, "reference") ? json_str(field(e, "register")) : NULL);
        for (size_t i = 0; i < COUNT(of_text) && !str_is(type, "text"); i++)
                member_set(item, of_text[i], NULL);
        accept_set(e, item, str_is(type, "file"));
        if (!str_is(type, "date"))
                member_set(item, "era", NULL);
        if (!str_is(type, "postal_code"))
                member_set(item, "fills", NULL);
}

static void item_set(const struct edit *e, json_t *item)
{
        str memo = field(e, "memo"), section = field(e, "section");

        name_set(e, item, field(e, "name"));
        type_set(e, item, field(e, "type"));
        title_set(e, item, "title", "title_ja", "title_en");
        title_set(e, item, "help", "help_ja", "help_en");
        member_set(item, "memo", memo.n > 0 ? json_str(memo) : NULL);
        member_set(item, "section", section.n > 0 ? json_str(section) : NULL);
        for (size_t i = 0; i < COUNT(flags); i++) {
                bool set = str_is(field(e, flags[i]), "true"),
                     was = json_object_get(item, flags[i]) != NULL && !json_is_false(json_object_get(item, flags[i]));

                if (set != was)
                        member_set(item, flags[i], set ? json_true() : NULL);
        }
}

/* Pages ------------------------------------------------------------------------------------------------------------------------------ */

static str title_in(const json_t *title, enum lang lang)
{
        str s = json_is_object(title) ? json_get_text(title, lang == LANG_JA ? "ja" : "en") : json_text(title);

        return str_absent(s) ? S("") : s;
}

static json_t *model_open(const struct edit *e)
{
        json_t *m = json_object();

        (void)json_set(m, "register", definition_model(e->cx, e->def));
        return json_set(m, "draft", json_str(json_write(e->cx->mem, e->draft)));
}

static json_t *row_model(const struct edit *e, json_t *item, size_t i)
{
        str title = title_in(json_object_get(item, "title"), e->cx->lang), name = json_get_text(item, "name"), type = json_get_text(item, "type");
        json_t *m = json_object();

        if (title.n == 0)
                title = title_in(json_object_get(item, "title"), e->cx->lang == LANG_JA ? LANG_EN : LANG_JA);
        (void)json_set(m, "number", json_integer((json_int_t)i));
        (void)json_set(m, "name", json_str(name));
        (void)json_set(m, "title", json_str(title));
        (void)json_set(m, "type_text", json_str(page_text(e->cx->lang, str_format(e->cx->mem, "type.%.*s", STR_ARG(type)).p)));
        (void)json_set(m, "first", json_boolean(i == 0));
        (void)json_set(m, "last", json_boolean(i + 1 == json_array_size(e->items)));
        (void)json_set(m, "retired", json_boolean(json_is_true(json_object_get(item, "retired"))));
        (void)json_set(m, "is_key", json_boolean(str_equal(name, json_get_text(e->draft, "key"))));
        (void)json_set(m, "is_new", json_boolean(definition_item_ever(e->def, name) == NULL && json_object_get(item, "formerly") == NULL));
        for (size_t f = 0; f < COUNT(flags); f++)
                (void)json_set(m, flags[f], json_boolean(json_object_get(item, flags[f]) != NULL && !json_is_false(json_object_get(item, flags[f]))));
        return m;
}

static json_t *problems_model(const struct cx *cx)
{
        json_t *list = json_array();

        for (size_t i = 0; i < cx->failure.count; i++)
                json_array_append_new(list, json_set(json_object(), "detail", json_str(cx->failure.problem[i].text)));
        return list;
}

/* register_definition.html: {register, draft, rows: [{number, name, title, type_text, first, last, retired, is_key, is_new…}], changed, problems}. */
static rc list_show(const struct edit *e, struct http_res *res, json_t *problems)
{
        json_t *m = model_open(e), *rows = json_array(), *item;
        size_t i;

        json_array_foreach(e->items, i, item)
                json_array_append_new(rows, row_model(e, item, i));
        (void)json_set(m, "rows", rows);
        (void)json_set(m, "changed", json_boolean(!json_equal(e->draft, e->def->source)));
        (void)json_set(m, "problems", problems ? problems : json_array());
        (void)json_set(m, "has_problems", json_boolean(json_array_size(problems) > 0));
        return http_reply(res, json_array_size(problems) > 0 ? 422 : 200, "register_definition.html", m);
}

static json_t *option(str value, str title, str chosen)
{
        json_t *m = json_set(json_object(), "value", json_str(value));

        (void)json_set(m, "title", json_str(title));
        return json_set(m, "chosen", json_boolean(!str_absent(chosen) && str_equal(value, chosen)));
}

static rc options_add(const struct edit *e, json_t *item, json_t *m)
{
        json_t *types = json_array(), *registers = json_array(), *sections = json_array(), *list, *one;
        struct cx *cx = e->cx;
        size_t i;

        for (int t = 0; t < ITEM_TYPES; t++) {
                const char *name = item_type_name((enum item_type)t);

                json_array_append_new(types,
                                      option(str_of(name), page_text(cx->lang, str_format(cx->mem, "type.%s", name).p), json_get_text(item, "type")));
        }
        TRY(definition_list(cx, &list));
        json_array_foreach(json_object_get(list, "registers"), i, one)
                json_array_append_new(registers, option(json_get_text(one, "name"), json_get_text(one, "title"), json_get_text(item, "register")));
        for (i = 0; i < e->def->section_count; i++)
                json_array_append_new(sections,
                                      option(e->def->sections[i].name, e->def->sections[i].title[cx->lang], json_get_text(item, "section")));
        (void)json_set(m, "types", types);
        (void)json_set(m, "registers", registers);
        (void)json_set(m, "sections", sections);
        return RC_OK;
}

static str choices_text(struct cx *cx, const json_t *choices)
{
        struct buf b = buf_open(cx->mem, KB(256));
        size_t i;
        json_t *one;

        json_array_foreach((json_t *)(uintptr_t)choices, i, one) {
                buf_add(&b, json_is_string(one) ? json_text(one) : json_get_text(one, "value"));
                buf_char(&b, '\n');
        }
        return buf_str(&b);
}

/* register_item.html: {register, draft, number, is_new, item: {name, memo, title_ja, title_en, help_ja, help_en, min, max, scale, choices_text, flags},
 * types, registers, sections, problems}. */
static rc item_show_form(const struct edit *e, struct http_res *res, json_t *item, json_t *problems)
{
        static const char *const texts[] = { "name", "memo" }, *const numbers[] = { "min", "max", "scale" };
        json_t *m = model_open(e), *one = json_object();

        for (size_t i = 0; i < COUNT(texts); i++)
                (void)json_set(one, texts[i], json_str(str_absent(json_get_text(item, texts[i])) ? S("") : json_get_text(item, texts[i])));
        for (size_t i = 0; i < COUNT(numbers); i++)
                if (json_is_integer(json_object_get(item, numbers[i])))
                        (void)json_set(
                            one, numbers[i],
                            json_str(str_format(e->cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(item, numbers[i])))));
        for (size_t i = 0; i < COUNT(flags); i++)
                (void)json_set(one, flags[i],
                               json_boolean(json_object_get(item, flags[i]) != NULL && !json_is_false(json_object_get(item, flags[i]))));
        (void)json_set(one, "title_ja", json_str(title_in(json_object_get(item, "title"), LANG_JA)));
        (void)json_set(one, "title_en", json_str(title_in(json_object_get(item, "title"), LANG_EN)));
        (void)json_set(one, "help_ja", json_str(title_in(json_object_get(item, "help"), LANG_JA)));
        (void)json_set(one, "help_en", json_str(title_in(json_object_get(item, "help"), LANG_EN)));
        (void)json_set(one, "choices_text", json_str(choices_text(e->cx, json_object_get(item, "choices"))));
        (void)json_set(one, "kinds", accept_model(e->cx, item));
        (void)json_set(m, "item", one);
        (void)json_set(m, "number", json_integer((json_int_t)e->number));
        (void)json_set(m, "is_new", json_boolean(e->number == json_array_size(e->items)));
        (void)json_set(m, "problems", problems ? problems : json_array());
        (void)json_set(m, "has_problems", json_boolean(json_array_size(problems) > 0));
        TRY(options_add(e, item, m));
        return http_reply(res, json_array_size(problems) > 0 ? 422 : 200, "register_item.html", m);
}

static json_t *names_joined(struct cx *cx, const json_t *list, const char *member)
{
        struct buf b = buf_open(cx->mem, KB(16));
        size_t i;
        json_t *one;

        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                if (member != NULL && json_integer_value(json_object_get(one, member)) == 0)
                        continue;
                if (b.n > 0)
                        buf_char(&b, ',');
                buf_add(&b, json_get_text(one, "name"));
        }
        return json_str(buf_str(&b));
}

/* register_plan.html: {register, draft, plan (register/define.h), drop, empty: names, has_empty}. */
static rc plan_show(const struct edit *e, struct http_res *res)
{
        struct cx *cx = e->cx;
        struct definition *wanted;
        json_t *m, *plan;

        if (definition_parse_json(cx, json_deep_copy(e->draft), &wanted) != RC_OK || define_plan(cx, wanted, &plan) != RC_OK) {
                json_t *problems = problems_model(cx);

                if (rc_http(cx->failure.code) >= 500)
                        return cx->failure.code;
                fail_clear(cx);
                return list_show(e, res, problems);
        }
        m = model_open(e);
        (void)json_set(m, "plan", plan);
        (void)json_set(m, "drop", names_joined(cx, json_object_get(plan, "drop"), NULL));
        (void)json_set(m, "empty", names_joined(cx, json_object_get(plan, "retype"), "unfit"));
        (void)json_set(m, "has_empty", json_boolean(json_string_length(json_object_get(m, "empty")) > 0));
        return http_reply(res, 200, "register_plan.html", m);
}

/* Acts ------------------------------------------------------------------------------------------------------------------------------- */

static rc draft_read(struct edit *e)
{
        str text = http_field(e->req, "definition");

        if (str_empty(text)) {
                e->draft = json_deep_copy(e->def->source);
        } else {
                if (text.n > DEFINITION_SIZE_MAX)
                        return fail(e->cx, RC_TOO_LARGE, NULL, "a definition may have at most %d bytes", DEFINITION_SIZE_MAX);
                TRY(json_read(e->cx, text, &e->draft));
        }
        e->items = json_object_get(e->draft, "items");
        if (!json_is_array(e->items) || json_array_size(e->items) > DEFINITION_ITEMS_MAX || !str_equal(json_get_text(e->draft, "name"), e->def->name))
                return fail(e->cx, RC_INVALID, "definition", "a definition must be an object with name, title and items");
        for (size_t i = 0; i < json_array_size(e->items); i++)
                if (str_absent(json_get_text(json_array_get(e->items, i), "name")) || str_absent(json_get_text(json_array_get(e->items, i), "type")))
                        return fail(e->cx, RC_INVALID, "definition", "a definition must be an object with name, title and items");
        return RC_OK;
}

static void swap(const struct edit *e, size_t a, size_t b)
{
        json_t *x = json_incref(json_array_get(e->items, a));

        (void)json_array_set(e->items, a, json_array_get(e->items, b));
        (void)json_array_set_new(e->items, b, x);
}

/* The form is shown again with what is wrong with it. */
static rc save(struct edit *e, struct http_res *res)
{
        json_t *before = json_deep_copy(e->draft), *item, *problems;
        struct definition *wanted;

        if (e->number == json_array_size(e->items))
                json_array_append_new(e->items, json_object());
        item = json_array_get(e->items, e->number);
        item_set(e, item);
        if (definition_parse_json(e->cx, json_deep_copy(e->draft), &wanted) == RC_OK)
                return list_show(e, res, NULL);
        problems = problems_model(e->cx);
        fail_clear(e->cx);
        e->draft = before;
        e->items = json_object_get(before, "items");
        return item_show_form(e, res, item, problems);
}

static rc act(struct edit *e, str what, struct http_res *res)
{
        size_t count = json_array_size(e->items), n = e->number;
        json_t *item = json_array_get(e->items, n);

        if (str_is(what, "plan"))
                return plan_show(e, res);
        if (str_is(what, "save"))
                return save(e, res);
        if (str_is(what, "add"))
                return item_show_form(e, res, json_set(json_object(), "type", json_string("text")), NULL);
        if (item == NULL)
                return list_show(e, res, NULL);
        if (str_is(what, "edit"))
                return item_show_form(e, res, item, NULL);
        if (str_is(what, "up") && n > 0)
                swap(e, n, n - 1);
        if (str_is(what, "down") && n + 1 < count)
                swap(e, n, n + 1);
        if (str_is(what, "retire"))
                member_set(item, "retired", json_is_true(json_object_get(item, "retired")) ? NULL : json_true());
        if (str_is(what, "delete")) {
                name_follow(e, json_get_text(item, "name"), STR_NONE);
                (void)json_array_remove(e->items, n);
        }
        return list_show(e, res, NULL);
}

static rc edit_open(struct cx *cx, const struct http_req *req, struct edit *e)
{
        *e = (struct edit){ .cx = cx, .req = req };
        log_subject(cx, S("register"), 0);
        TRY(definition_get(cx, http_arg(req, "register"), &e->def));
        log_subject(cx, S("register"), e->def->id);
        return draft_read(e);
}

/* GET /registers/{register}/definition - the editor with the definition as it is. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct edit e;

        TRY(edit_open(cx, req, &e));
        return list_show(&e, res, NULL);
}

/* POST /registers/{register}/definition - one act on the draft, and the page that follows. Nothing is stored. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct edit e;
        str what, number;
        int64_t n;

        TRY(edit_open(cx, req, &e));
        what = str_cut(field(&e, "act"), ':', &number);
        e.number = json_array_size(e.items);
        if (!str_absent(number) && str_int(number, &n) && n >= 0 && (size_t)n < e.number)
                e.number = (size_t)n;
        return act(&e, what, res);
}

/* clang-format off */
const struct route definition_door_routes[] = {
        /*     method path                                permission            verb      body     rate    handler summary */
        ROUTE( GET,   "/registers/{register}/definition", PERM_REGISTER_DEFINE, LOG_VIEW, 0,       NORMAL, show,   "The items of a register, to be edited", .face = FACE_CONSOLE ),
        ROUTE( POST,  "/registers/{register}/definition", PERM_REGISTER_DEFINE, LOG_VIEW, KB(1600), HEAVY,  change, "Change the draft of a definition, and look at its plan",
               .face = FACE_CONSOLE ),
        ROUTE_END
};
/* clang-format on */
