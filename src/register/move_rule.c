/* move_rule.c - see move_rule.h. */
#include "base/house.h"

#include "register/move_rule.h"

#include "base/buf.h"
#include "register/clock_rule.h"
#include "register/item.h"

static const char *const move_members[] = { "name",      "title",     "from",   "to",     "who",      "required",
                                            "forbidden", "approvals", "freeze", "within", "calendar", NULL };
static const char *const set_members[] = { "who", "count", NULL };
static const char *const barred[] = { "requester", "drafter", "approver" };

static bool is_state(const struct definition *def, str value)
{
        for (size_t i = 0; i < def->state->choice_count; i++)
                if (str_equal(def->state->choices[i].value, value))
                        return true;
        return false;
}

/* A member that lists texts, or is one. */
static size_t words_get(struct reading *r, const struct place *at, const char *member, size_t max, str **ret)
{
        size_t count = 0;

        if (json_is_string(json_object_get(at->object, member))) {
                *ret = NEW_ARRAY(r->cx->mem, str, 1);
                if (definition_member_text(r, at, member, DEFINITION_TITLE_MAX, true, &(*ret)[0]))
                        count = 1;
        } else {
                definition_member_words(r, at, member, max, ret, &count);
        }
        return count;
}

static json_t *states_get(struct reading *r, const struct place *at, const char *member)
{
        json_t *list = json_array();
        str *names;
        size_t count = words_get(r, at, member, r->def->state->choice_count, &names);

        for (size_t i = 0; i < count; i++) {
                if (!is_state(r->def, names[i]))
                        definition_wrong(r, at, member, "\"%.*s\" is no choice of the item \"%.*s\"", STR_ARG(names[i]),
                                         STR_ARG(r->def->state->name));
                json_array_append_new(list, json_str(names[i]));
        }
        return list;
}

/* Items that have a column. what: NULL any but the state. personal: their names among the personal ones, or NULL. */
static json_t *items_get(struct reading *r, const struct place *at, const char *member, json_t *personal)
{
        json_t *list = json_array();
        str *names;
        size_t count = words_get(r, at, member, MOVE_RULE_ITEMS_MAX, &names);

        for (size_t i = 0; i < count; i++) {
                const struct item *item = definition_item(r->def, names[i]);

                if (item == NULL)
                        definition_wrong(r, at, member, "there is no item \"%.*s\"", STR_ARG(names[i]));
                else if (!item_stored(item) || item == r->def->state)
                        definition_wrong(r, at, member, "\"%.*s\" cannot stand here; items that people fill in can", STR_ARG(names[i]));
                else if (personal != NULL && item->personal)
                        json_array_append_new(personal, json_str(item->name));
                json_array_append_new(list, json_str(names[i]));
        }
        return list;
}

static bool who_valid(struct reading *r, const struct place *at, str who)
{
        const struct item *item;

        if (str_is(who, "author") || (str_starts(who, S("group:")) && who.n > 6) || (str_starts(who, S("account:")) && who.n > 8))
                return true;
        if (!str_starts(who, S("item:"))) {
                definition_wrong(r, at, "who", "\"%.*s\" is none of author, item:NAME, group:NAME and account:LOGIN", STR_ARG(who));
                return false;
        }
        item = definition_item(r->def, (str){ who.p + 5, who.n - 5 });
        if (item == NULL)
                definition_wrong(r, at, "who", "there is no item \"%.*s\"", STR_ARG(((str){ who.p + 5, who.n - 5 })));
        else if (item->type != ITEM_ACCOUNT)
                definition_wrong(r, at, "who", "\"%.*s\" is no item of type account", STR_ARG(item->name));
        return item != NULL && item->type == ITEM_ACCOUNT;
}

static json_t *who_get(struct reading *r, const struct place *at)
{
        json_t *list = json_array();
        str *names;
        size_t count = words_get(r, at, "who", MOVE_RULE_WHO_MAX, &names);

        for (size_t i = 0; i < count; i++)
                if (who_valid(r, at, names[i]))
                        json_array_append_new(list, json_str(names[i]));
        return list;
}

static json_t *forbidden_get(struct reading *r, const struct place *at)
{
        json_t *list = json_array();
        str *names;
        size_t count = words_get(r, at, "forbidden", COUNT(barred), &names);

        for (size_t i = 0; i < count; i++) {
                if (!definition_member_reserved(barred, COUNT(barred), names[i]))
                        definition_wrong(r, at, "forbidden", "must be some of: %s", "requester drafter approver");
                json_array_append_new(list, json_str(names[i]));
        }
        return list;
}

static json_t *approvals_get(struct reading *r, const struct place *at)
{
        json_t *list = definition_member_array(r, at, "approvals", MOVE_RULE_SETS_MAX, false), *sets = json_array();

        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                json_t *set = json_object(), *who;
                struct place in;
                int64_t count = 1;

                if (!definition_member_element(r, at, "approvals", list, i, &in))
                        continue;
                definition_member_known(r, &in, set_members);
                who = who_get(r, &in);
                if (json_object_get(in.object, "who") == NULL ||
                    json_array_size(json_object_get(in.object, "who")) + json_string_length(json_object_get(in.object, "who")) == 0)
                        definition_wrong(r, &in, "who", "must not be empty");
                (void)definition_member_int(r, &in, "count", &count);
                if (count < 1 || count > MOVE_RULE_COUNT_MAX)
                        definition_wrong(r, &in, "count", "must be between %lld and %lld", 1LL, (long long)MOVE_RULE_COUNT_MAX);
                json_set(set, "who", who);
                json_set(set, "count", json_integer(count));
                json_array_append_new(sets, set);
        }
        return sets;
}

/* What is not named is frozen, too: everything but the state. */
static json_t *freeze_get(struct reading *r, const struct place *at)
{
        json_t *list;

        if (json_object_get(at->object, "freeze") != NULL) {
                list = items_get(r, at, "freeze", NULL);
                if (json_array_size(list) == 0)
                        definition_wrong(r, at, "freeze", "must not be empty");
                return list;
        }
        list = json_array();
        for (size_t i = 0; i < r->def->item_count; i++)
                if (item_stored(&r->def->items[i]) && &r->def->items[i] != r->def->state)
                        json_array_append_new(list, json_str(r->def->items[i].name));
        return list;
}

static void move_get(struct reading *r, const struct place *at, struct move_rule *move)
{
        static const char *const for_approvals[] = { "freeze", "within", "calendar" };
        json_t *personal = json_array(), *begins = json_array(), *rule = json_object(), *from;
        str to = STR_NONE;

        definition_member_known(r, at, move_members);
        (void)definition_member_name(r, at, "name", DEFINITION_ITEM_NAME_MAX, &move->name);
        definition_member_title(r, at, "title", DEFINITION_TITLE_MAX, true, move->title);
        from = states_get(r, at, "from");
        if (json_array_size(from) == 0)
                definition_wrong(r, at, "from", "must not be empty");
        if (definition_member_text(r, at, "to", DEFINITION_TITLE_MAX, true, &to) && !is_state(r->def, to))
                definition_wrong(r, at, "to", "\"%.*s\" is no choice of the item \"%.*s\"", STR_ARG(to), STR_ARG(r->def->state->name));
        for (size_t i = 0; i < json_array_size(from); i++)
                if (str_equal(json_text(json_array_get(from, i)), to))
                        definition_wrong(r, at, "to", "\"%.*s\" is where it comes from", STR_ARG(to));
        for (size_t i = 0; i < r->def->begin_count; i++)
                json_array_append_new(begins, json_str(r->def->begins[i]));
        json_set(rule, "from", from);
        json_set(rule, "to", json_str(to));
        json_set(rule, "begins", begins);
        json_set(rule, "who", who_get(r, at));
        json_set(rule, "required", items_get(r, at, "required", personal));
        json_set(rule, "personal", personal);
        json_set(rule, "forbidden", forbidden_get(r, at));
        json_set(rule, "approvals", approvals_get(r, at));
        if (json_array_size(json_object_get(rule, "approvals")) > 0) {
                json_set(rule, "freeze", freeze_get(r, at));
                if (json_object_get(at->object, "within") != NULL || json_object_get(at->object, "calendar") != NULL)
                        clock_rule_within(r, at, false, rule);
        } else {
                for (size_t i = 0; i < COUNT(for_approvals); i++)
                        if (json_object_get(at->object, for_approvals[i]) != NULL)
                                definition_wrong(r, at, for_approvals[i], "is only for moves that need approvals");
        }
        move->rule = rule;
}

/* The item, and the states records begin in. False: there is none, or none that could be. */
static bool state_get(struct reading *r, const struct place *at)
{
        struct definition *def = r->def;
        str name;

        if (!definition_member_text(r, at, "state", 100, json_object_get(at->object, "moves") != NULL, &name))
                return false;
        def->state = definition_item(def, name);
        if (def->state == NULL)
                definition_wrong(r, at, "state", "there is no item \"%.*s\"", STR_ARG(name));
        else if (def->state->type != ITEM_CHOICE || !def->state->required || def->state->personal || def->state->retired || def->state->unique)
                definition_wrong(r, at, "state", "must be an item of type choice that is required, and neither personal, unique nor retired");
        else if (json_array_size(json_object_get(at->object, "moves")) == 0)
                definition_wrong(r, at, "moves", "must not be empty");
        else
                return true;
        def->state = NULL;
        return false;
}

void move_rule_read(struct reading *r, const struct place *at)
{
        json_t *list = definition_member_array(r, at, "moves", MOVE_RULES_MAX, false), *begins;
        struct definition *def = r->def;

        def->moves = NEW_ARRAY(r->cx->mem, struct move_rule, list ? json_array_size(list) : 1);
        if (!state_get(r, at)) {
                if (json_object_get(at->object, "begins") != NULL && json_object_get(at->object, "state") == NULL)
                        definition_wrong(r, at, "begins", "is only for registers with a state");
                return;
        }
        begins = states_get(r, at, "begins");
        def->begins = NEW_ARRAY(r->cx->mem, str, json_array_size(begins) + 1);
        for (size_t i = 0; i < json_array_size(begins); i++)
                def->begins[def->begin_count++] = json_text(json_array_get(begins, i));
        if (def->begin_count == 0)
                def->begins[def->begin_count++] = def->state->choices[0].value;
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                struct move_rule *move = &def->moves[def->move_count];
                struct place in;

                if (!definition_member_element(r, at, "moves", list, i, &in))
                        continue;
                move_get(r, &in, move);
                for (size_t k = 0; k < def->move_count; k++)
                        if (str_equal(def->moves[k].name, move->name))
                                definition_wrong(r, &in, "name", "\"%.*s\" stands here twice", STR_ARG(move->name));
                def->move_count++;
        }
}

bool move_rule_begins(const struct definition *def, str value)
{
        for (size_t i = 0; i < def->begin_count; i++)
                if (str_equal(def->begins[i], value))
                        return true;
        return false;
}

str move_rule_begins_text(struct cx *cx, const struct definition *def)
{
        struct buf b = buf_open(cx->mem, KB(64));

        for (size_t i = 0; i < def->begin_count; i++) {
                if (i > 0)
                        buf_add(&b, cx->lang == LANG_JA ? S("、") : S(", "));
                buf_add(&b, item_show(cx->mem, cx->lang, def->state, def->begins[i]));
        }
        return buf_str(&b);
}
