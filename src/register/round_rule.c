/* round_rule.c - see round_rule.h: reading. */
#include "base/house.h"

#include "register/round_rule.h"

#include "register/clock_rule.h"

static const char *const members[] = { "name",     "title",    "for",   "only",   "every",   "after", "closed", "within",
                                       "calendar", "assignee", "group", "ladder", "results", "note",  NULL };
static const char *const every_members[] = { "months", "month", "day", "weekdays", NULL };
static const char *const after_members[] = { "days", "months", NULL };
static const char *const closed_names[] = { "next", "before", "skip", "open" };
static const char *const weekday_names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
enum { AFTER_DAYS_MAX = 3650, AFTER_MONTHS_MAX = 120, NAME_MAX_LENGTH = 100, ASSIGNEE_MAX = 110 };

/* A whole number between two others; `otherwise` when it is not given. */
static int64_t number(struct reading *r, const struct place *at, const char *member, int64_t least, int64_t most, int64_t otherwise)
{
        int64_t n = otherwise;

        if (definition_member_int(r, at, member, &n) && (n < least || n > most)) {
                definition_wrong(r, at, member, "must be between %lld and %lld", (long long)least, (long long)most);
                return otherwise;
        }
        return n;
}

static void weekdays_get(struct reading *r, const struct place *at, json_t *every)
{
        json_t *list = json_array();
        bool on[COUNT(weekday_names)] = { false };
        size_t count = 0;
        str *names;

        definition_member_words(r, at, "weekdays", COUNT(weekday_names), &names, &count);
        for (size_t i = 0; i < count; i++) {
                size_t n = 0;

                while (n < COUNT(weekday_names) && !str_is(names[i], weekday_names[n]))
                        n++;
                if (n == COUNT(weekday_names))
                        definition_wrong(r, at, "weekdays", "must be one of: %s", "mon tue wed thu fri sat sun");
                else
                        on[n] = true;
        }
        for (size_t n = 0; n < COUNT(weekday_names); n++)
                if (on[n])
                        json_array_append_new(list, json_integer((json_int_t)n + 1));
        if (count == 0)
                definition_wrong(r, at, "weekdays", "must not be empty");
        json_set(every, "weekdays", list);
}

/* {months: 3, month: 4, day: 31} or {weekdays: [mon, thu]} */
static json_t *every_get(struct reading *r, const struct place *at)
{
        struct place in = { json_object_get(at->object, "every"), str_of(definition_member_path(r, at, "every")) };
        json_t *every = json_object();
        int64_t months;

        if (!json_is_object(in.object)) {
                definition_wrong(r, at, "every", "must be such as {months: 1, day: 25} or {weekdays: [mon, thu]}");
                return every;
        }
        definition_member_known(r, &in, every_members);
        if (json_object_get(in.object, "weekdays") != NULL) {
                if (json_object_size(in.object) > 1)
                        definition_wrong(r, &in, "weekdays", "stands alone: a round goes by months or by weekdays");
                weekdays_get(r, &in, every);
                return every;
        }
        if (json_object_get(in.object, "months") == NULL)
                definition_wrong(r, at, "every", "must be such as {months: 1, day: 25} or {weekdays: [mon, thu]}");
        months = number(r, &in, "months", 1, 12, 1);
        if (12 % months != 0)
                definition_wrong(r, &in, "months",
                                 "must be 1, 2, 3, 4, 6 or 12, so that each year has the same months; any other time goes by `after`");
        json_set(every, "months", json_integer(months));
        json_set(every, "month", json_integer(number(r, &in, "month", 1, 12, 1)));
        json_set(every, "day", json_integer(number(r, &in, "day", 1, 31, 1)));
        return every;
}

/* {days: 90} after the last was done */
static json_t *after_get(struct reading *r, const struct place *at)
{
        struct place in = { json_object_get(at->object, "after"), str_of(definition_member_path(r, at, "after")) };
        json_t *after = json_object();

        if (!json_is_object(in.object) || json_object_size(in.object) != 1) {
                definition_wrong(r, at, "after", "must be an amount of time, such as {days: 90} or {months: 6}");
                return after;
        }
        definition_member_known(r, &in, after_members);
        if (json_object_get(in.object, "days") != NULL)
                json_set(after, "days", json_integer(number(r, &in, "days", 1, AFTER_DAYS_MAX, 1)));
        else
                json_set(after, "months", json_integer(number(r, &in, "months", 1, AFTER_MONTHS_MAX, 1)));
        return after;
}

static void when_get(struct reading *r, const struct place *at, struct round_rule *round)
{
        bool every = json_object_get(at->object, "every") != NULL, after = json_object_get(at->object, "after") != NULL;
        str calendar = json_get_text(at->object, "calendar"), closed = STR_NONE;
        json_t *turn;

        if (every == after)
                definition_wrong(r, at, NULL, "must say one of every (days of the calendar) and after (the last was done)");
        turn = every ? every_get(r, at) : json_null();
        json_set(round->rule, "every", turn);
        json_set(round->rule, "rest", after ? after_get(r, at) : json_null());
        if (definition_member_text(r, at, "closed", NAME_MAX_LENGTH, false, &closed)) {
                if (!definition_member_reserved(closed_names, COUNT(closed_names), closed))
                        definition_wrong(r, at, "closed", "must be one of: %s", "next before skip open");
                if (str_absent(calendar))
                        definition_wrong(r, at, "calendar", "must be named when days may be closed");
                if (after && str_is(closed, "skip"))
                        definition_wrong(r, at, "closed", "skip is for days of the calendar; after an interval the day moves");
        }
        if (str_absent(closed))
                closed = json_object_get(turn, "weekdays") != NULL ? S("skip") : S("next");
        if (!str_absent(calendar))
                json_set(round->rule, "closed", json_str(closed));
}

static void whose_get(struct reading *r, const struct place *at, struct round_rule *round)
{
        str who = STR_NONE, group = STR_NONE;

        if (definition_member_text(r, at, "group", NAME_MAX_LENGTH, false, &group))
                json_set(round->rule, "group", json_str(group));
        if (!definition_member_text(r, at, "assignee", ASSIGNEE_MAX, false, &who)) {
                if (str_absent(group))
                        definition_wrong(r, at, NULL, "must say whose it is: assignee, group or both");
                return;
        }
        if (str_starts(who, S("item:"))) {
                const struct item *item = definition_item_ever(r->def, (str){ who.p + 5, who.n - 5 });

                if (item == NULL || item->type != ITEM_ACCOUNT)
                        definition_wrong(r, at, "assignee", "there is no item \"%.*s\" of type account", (int)(who.n - 5), who.p + 5);
                else if (round->once)
                        definition_wrong(r, at, "assignee", "an item is of a record; this round is of the register");
                else
                        who = str_format(r->cx->mem, "item:%.*s", STR_ARG(item->name));
        } else if (!str_starts(who, S("account:")) || who.n == 8) {
                definition_wrong(r, at, "assignee", "\"%.*s\" is neither item:NAME nor account:LOGIN", STR_ARG(who));
        }
        json_set(round->rule, "assignee", json_str(who));
}

static void what_get(struct reading *r, const struct place *at, struct round_rule *round)
{
        json_t *results = json_array();
        bool note = false;
        size_t count = 0;
        str *names;

        definition_member_words(r, at, "results", ROUND_RULE_RESULTS_MAX, &names, &count);
        for (size_t i = 0; i < count; i++) {
                for (size_t k = 0; k < i; k++)
                        if (str_equal(names[k], names[i]))
                                definition_wrong(r, at, "results", "\"%.*s\" stands here twice", STR_ARG(names[i]));
                json_array_append_new(results, json_str(names[i]));
        }
        definition_member_bool(r, at, "note", &note);
        json_set(round->rule, "results", results);
        json_set(round->rule, "note", json_boolean(note));
}

static void round_get(struct reading *r, const struct place *at, struct round_rule *round)
{
        str whom = STR_NONE;

        round->rule = json_object();
        round->source = at->object;
        definition_member_known(r, at, members);
        (void)definition_member_name(r, at, "name", DEFINITION_ITEM_NAME_MAX, &round->name);
        definition_member_title(r, at, "title", DEFINITION_TITLE_MAX, true, round->title);
        if (definition_member_text(r, at, "for", NAME_MAX_LENGTH, false, &whom) && !str_is(whom, "records") && !str_is(whom, "register"))
                definition_wrong(r, at, "for", "must be one of: %s", "records register");
        round->once = str_is(whom, "register");
        json_set(round->rule, "once", json_boolean(round->once));
        if (json_object_get(at->object, "only") != NULL)
                clock_rule_condition(r, at, "only", &round->only);
        if (round->once && json_object_get(at->object, "only") != NULL)
                definition_wrong(r, at, "only", "is for rounds of records; this round is of the register");
        when_get(r, at, round);
        clock_rule_within(r, at, true, round->rule);
        whose_get(r, at, round);
        clock_rule_ladder(r, at, round->rule);
        what_get(r, at, round);
}

void round_rule_read(struct reading *r, const struct place *at)
{
        json_t *list = definition_member_array(r, at, "rounds", ROUND_RULES_MAX, false);
        struct definition *def = r->def;

        def->rounds = NEW_ARRAY(r->cx->mem, struct round_rule, list ? json_array_size(list) : 1);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                struct round_rule *round = &def->rounds[def->round_count];
                struct place in;

                if (!definition_member_element(r, at, "rounds", list, i, &in))
                        continue;
                round_get(r, &in, round);
                for (size_t k = 0; k < def->round_count; k++)
                        if (str_equal(def->rounds[k].name, round->name))
                                definition_wrong(r, &in, "name", "\"%.*s\" stands here twice", STR_ARG(round->name));
                def->round_count++;
        }
}
