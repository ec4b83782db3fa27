/* move_plan.c - see move_plan.h. */
#include "base/house.h"

#include "register/move_plan.h"

#include "base/buf.h"
#include "page/page.h"
#include "register/item.h"
#include "register/move.h"
#include "register/move.sql.h"
#include "register/move_rule.h"

static const char *between(const struct cx *cx)
{
        return cx->lang == LANG_JA ? "、" : ", ";
}

static str states(struct cx *cx, const struct definition *def, const json_t *list)
{
        struct buf b = buf_open(cx->mem, KB(64));
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                buf_add(&b, i > 0 ? str_of(between(cx)) : S(""));
                buf_add(&b, item_show(cx->mem, cx->lang, def->state, json_text(one)));
        }
        return buf_str(&b);
}

static str whos(struct cx *cx, const struct definition *def, const json_t *list)
{
        struct buf b = buf_open(cx->mem, KB(64));
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                buf_add(&b, i > 0 ? str_of(between(cx)) : S(""));
                buf_add(&b, move_who(cx, def, json_text(one)));
        }
        return b.n > 0 ? buf_str(&b) : page_text(cx->lang, "moves.anybody");
}

static str items(struct cx *cx, const struct definition *def, const json_t *list)
{
        struct buf b = buf_open(cx->mem, KB(64));
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                buf_add(&b, i > 0 ? str_of(between(cx)) : S(""));
                buf_add(&b, definition_item(def, json_text(one))->title[cx->lang]);
        }
        return buf_str(&b);
}

static str barred(struct cx *cx, const json_t *list)
{
        struct buf b = buf_open(cx->mem, KB(4));
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                buf_add(&b, i > 0 ? str_of(between(cx)) : S(""));
                buf_add(&b, page_text(cx->lang, str_format(cx->mem, "moves.barred.%.*s", STR_ARG(json_text(one))).p));
        }
        return buf_str(&b);
}

static json_t *sets(struct cx *cx, const struct definition *def, const json_t *list)
{
        json_t *all = json_array(), *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                long long n = (long long)json_integer_value(json_object_get(one, "count"));
                str who = whos(cx, def, json_object_get(one, "who"));

                json_array_append_new(all, json_str(str_format(cx->mem, cx->lang == LANG_JA ? "%.*s（%lld人）" : "%.*s (%lld)", STR_ARG(who), n)));
        }
        return all;
}

json_t *move_plan_model(struct cx *cx, const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->move_count; i++) {
                const json_t *rule = def->moves[i].rule;
                json_t *m = json_object();

                json_set(m, "name", json_str(def->moves[i].name));
                json_set(m, "title", json_str(def->moves[i].title[cx->lang]));
                json_set(m, "from", json_str(states(cx, def, json_object_get(rule, "from"))));
                json_set(m, "to", json_str(item_show(cx->mem, cx->lang, def->state, json_get_text(rule, "to"))));
                json_set(m, "who", json_str(whos(cx, def, json_object_get(rule, "who"))));
                json_set(m, "required", json_str(items(cx, def, json_object_get(rule, "required"))));
                json_set(m, "forbidden", json_str(barred(cx, json_object_get(rule, "forbidden"))));
                json_set(m, "approvals", sets(cx, def, json_object_get(rule, "approvals")));
                json_array_append_new(list, m);
        }
        return list;
}

static json_t *rules(const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->move_count; i++) {
                json_t *one = json_object();

                json_set(one, "name", json_str(def->moves[i].name));
                json_set(one, "item", json_str(def->state->name));
                json_set(one, "rule", def->moves[i].rule);
                json_array_append_new(list, one);
        }
        return list;
}

bool move_plan_same(const struct definition *old, const struct definition *wanted)
{
        static const char *const members[] = { "state", "begins", "moves" };

        for (size_t i = 0; i < COUNT(members); i++) {
                json_t *a = old ? json_object_get(old->source, members[i]) : NULL, *b = json_object_get(wanted->source, members[i]);

                if ((a == NULL) != (b == NULL) || (a != NULL && !json_equal(a, b)))
                        return false;
        }
        return true;
}

rc move_plan_ended(struct cx *cx, const struct definition *old, const struct definition *wanted, int64_t *ret)
{
        *ret = 0;
        if (old == NULL || old->move_count == 0)
                return RC_OK;
        return sql_move_rules_open(cx, old->id, json_write(cx->mem, rules(wanted)), ret);
}

static bool leads(const struct definition *def, str value, bool out)
{
        for (size_t i = 0; i < def->move_count; i++) {
                const json_t *rule = def->moves[i].rule, *from = json_object_get(rule, "from");

                if (!out && str_equal(json_get_text(rule, "to"), value))
                        return true;
                for (size_t k = 0; out && k < json_array_size(from); k++)
                        if (str_equal(json_text(json_array_get(from, k)), value))
                                return true;
        }
        return false;
}

json_t *move_plan_states(struct cx *cx, const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; def->state != NULL && i < def->state->choice_count; i++) {
                str value = def->state->choices[i].value;
                bool in = leads(def, value, false) || move_rule_begins(def, value), out = leads(def, value, true);
                json_t *m = json_object();

                if (in && out)
                        continue;
                json_set(m, "value", json_str(value));
                json_set(m, "title", json_str(def->state->choices[i].title[cx->lang]));
                json_set(m, "what", json_string(in ? "end" : "unreachable"));
                json_array_append_new(list, m);
        }
        return list;
}
