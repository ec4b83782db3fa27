/* clock_rule.c - see clock_rule.h: reading. */
#include "base/house.h"

#include "register/clock_rule.h"

#include "register/condition.h"

static const char *const clock_members[] = { "name",   "title",    "start", "since",  "only",    "stop",
                                             "within", "calendar", "group", "ladder", "records", NULL };
static const char *const step_members[] = { "wait", "before", "after", "to", "notice", "repeat", NULL };
static const char *const repeat_members[] = { "every", "times", NULL };
static const char *const unit_names[] = { "minutes", "hours", "days", "calendar_days", "months", "business_hours", "business_days", NULL };
/* How many of them ten years hold. */
static const int64_t unit_max[] = { 5256000, 87600, 3650, 3650, 120, 20000, 2500 };
static const char *const span_names[] = { "minutes", "hours", "days", NULL };
static const int64_t span_minutes[] = { 1, 60, 1440 };
/* What is so by the record alone, whatever the day: a trigger sees records change, not days pass. */
static const char *const ops[] = { "eq", "ne",      "in",    "not_in",    "lt",      "le",      "gt",
                                   "ge", "between", "empty", "not_empty", "has_any", "has_all", "has_none" };

/* Conditions ------------------------------------------------------------------------------------------------------------------------- */

static bool by_record_alone(const json_t *json)
{
        const char *name;
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)json, i, one)
                if (!by_record_alone(one))
                        return false;
        json_object_foreach((json_t *)(uintptr_t)json, name, one) {
                if (strcmp(name, "history") == 0 || (strcmp(name, "op") == 0 && !definition_member_reserved(ops, COUNT(ops), json_text(one))) ||
                    (strcmp(name, "value") != 0 && !by_record_alone(one)))
                        return false;
        }
        return true;
}

void clock_rule_condition(struct reading *r, const struct place *at, const char *member, struct condition **ret)
{
        const json_t *json = json_object_get(at->object, member);
        struct cx sub = *r->cx;

        if (!by_record_alone(json)) {
                definition_wrong(r, at, member, "can only ask for values of the record itself: no history, no pieces of text, no days that pass");
                return;
        }
        sub.failure = (struct failure){ .code = RC_OK };
        if (condition_parse(&sub, r->def, json, ret) == RC_OK)
                return;
        for (size_t i = 0; i < sub.failure.count; i++)
                definition_wrong(r, at, member, "is no condition: %.*s", STR_ARG(sub.failure.problem[i].text));
}

static const struct item *item_of(struct reading *r, const struct place *at, const char *member, str name)
{
        const struct item *item = definition_item(r->def, name);

        if (item == NULL)
                definition_wrong(r, at, member, "there is no item \"%.*s\"", STR_ARG(name));
        return item;
}

/* An item's name, or a condition. */
static void event_get(struct reading *r, const struct place *at, const char *member, struct clock_event *ret)
{
        const json_t *v = json_object_get(at->object, member);

        if (json_is_string(v))
                ret->item = item_of(r, at, member, json_text(v));
        else if (json_is_object(v))
                clock_rule_condition(r, at, member, &ret->condition);
        else if (v != NULL)
                definition_wrong(r, at, member, "must be the name of an item or a condition");
}

static void since_get(struct reading *r, const struct place *at, struct clock_rule *clock)
{
        str *names;
        size_t count = 0;

        if (json_is_string(json_object_get(at->object, "since"))) {
                names = NEW_ARRAY(r->cx->mem, str, 1);
                names[count++] = json_text(json_object_get(at->object, "since"));
        } else {
                definition_member_words(r, at, "since", CLOCK_RULE_SINCE_MAX, &names, &count);
        }
        for (size_t i = 0; i < count; i++) {
                const struct item *item = item_of(r, at, "since", names[i]);

                if (item != NULL && item->type != ITEM_DATE && item->type != ITEM_DATETIME)
                        definition_wrong(r, at, "since", "must be items of type date or datetime");
                else if (item != NULL)
                        clock->since[clock->since_count++] = item;
        }
        /* the moment that starts it is one at which it was known */
        if (clock->since_count == 0 && clock->start.item != NULL &&
            (clock->start.item->type == ITEM_DATE || clock->start.item->type == ITEM_DATETIME))
                clock->since[clock->since_count++] = clock->start.item;
}

/* Time -------------------------------------------------------------------------------------------------------------------------------- */

/* {hours: 24}: which of `names`, and how many. False: told. */
static bool amount(struct reading *r, const struct place *at, const char *member, const char *const *names, size_t *ret_unit, int64_t *ret)
{
        struct place in = { json_object_get(at->object, member), str_of(definition_member_path(r, at, member)) };

        if (!json_is_object(in.object) || json_object_size(in.object) != 1) {
                definition_wrong(r, at, member, "must be an amount of time, such as {hours: 24}");
                return false;
        }
        definition_member_known(r, &in, names);
        for (size_t i = 0; names[i] != NULL; i++)
                if (json_object_get(in.object, names[i]) != NULL) {
                        *ret_unit = i;
                        return definition_member_int(r, &in, names[i], ret);
                }
        return false;
}

static bool minutes_get(struct reading *r, const struct place *at, const char *member, int64_t least, int64_t *ret)
{
        size_t unit;
        int64_t n;

        if (!amount(r, at, member, span_names, &unit, &n))
                return false;
        if (n < least || n > unit_max[0] / span_minutes[unit]) {
                definition_wrong(r, at, member, "must be between %lld and %lld", (long long)least, (long long)(unit_max[0] / span_minutes[unit]));
                return false;
        }
        *ret = n * span_minutes[unit];
        return true;
}

void clock_rule_within(struct reading *r, const struct place *at, bool days, json_t *rule)
{
        str calendar = STR_NONE;
        bool business;
        size_t unit;
        int64_t n;

        if (definition_member_text(r, at, "calendar", 100, false, &calendar))
                json_set(rule, "calendar", json_str(calendar));
        if (!amount(r, at, "within", unit_names, &unit, &n))
                return;
        business = strncmp(unit_names[unit], "business", 8) == 0;
        if (n < (strcmp(unit_names[unit], "calendar_days") == 0 ? 0 : 1) || n > unit_max[unit])
                definition_wrong(r, at, "within", "must be between %lld and %lld", 1LL, (long long)unit_max[unit]);
        if (business && str_absent(calendar))
                definition_wrong(r, at, "calendar", "must name a calendar when business time is counted");
        if (!business && !days && !str_absent(calendar))
                definition_wrong(r, at, "calendar", "is only for business_hours and business_days");
        json_set(rule, "unit", json_string(unit_names[unit]));
        json_set(rule, "count", json_integer(n));
}

/* The ladder -------------------------------------------------------------------------------------------------------------------------- */

static bool target_valid(str s)
{
        return str_is(s, "assignee") || str_is(s, "author") || str_is(s, "managers") || (str_starts(s, S("group:")) && s.n > 6) ||
               (str_starts(s, S("account:")) && s.n > 8);
}

static void repeat_get(struct reading *r, const struct place *at, json_t *step)
{
        struct place in = { json_object_get(at->object, "repeat"), str_of(definition_member_path(r, at, "repeat")) };
        int64_t every, times = 0;

        if (in.object == NULL)
                return;
        if (!json_is_object(in.object)) {
                definition_wrong(r, at, "repeat", "must be such as {every: {hours: 4}, times: 3}");
                return;
        }
        definition_member_known(r, &in, repeat_members);
        if (!minutes_get(r, &in, "every", 1, &every))
                return;
        if (!definition_member_int(r, &in, "times", &times) || times < 1 || times > CLOCK_RULE_TIMES_MAX)
                definition_wrong(r, &in, "times", "must be between %lld and %lld", 1LL, (long long)CLOCK_RULE_TIMES_MAX);
        json_set(step, "every", json_integer(every));
        json_set(step, "times", json_integer(times + 1)); /* the first one, and so many more */
}

static json_t *step_get(struct reading *r, const struct place *at)
{
        static const struct {
                const char *member, *base;
                int sign;
        } kinds[] = { { "wait", "start", 1 }, { "before", "due", -1 }, { "after", "due", 1 } };
        json_t *step = json_object(), *to = json_array();
        str *names = NULL, notice = STR_NONE;
        size_t given = 0, count = 0;
        int64_t minutes;

        definition_member_known(r, at, step_members);
        for (size_t i = 0; i < COUNT(kinds); i++)
                if (json_object_get(at->object, kinds[i].member) != NULL && ++given > 0 && minutes_get(r, at, kinds[i].member, 0, &minutes)) {
                        json_set(step, "base", json_string(kinds[i].base));
                        json_set(step, "minutes", json_integer(minutes * kinds[i].sign));
                }
        if (given != 1)
                definition_wrong(r, at, NULL, "must say one of wait (after the start), before and after (the deadline)");
        definition_member_words(r, at, "to", CLOCK_RULE_TO_MAX, &names, &count);
        if (count == 0)
                definition_wrong(r, at, "to", "must not be empty");
        for (size_t i = 0; i < count; i++) {
                if (!target_valid(names[i]))
                        definition_wrong(r, at, "to", "\"%.*s\" is none of assignee, author, managers, group:NAME and account:LOGIN",
                                         STR_ARG(names[i]));
                json_array_append_new(to, json_str(names[i]));
        }
        (void)definition_member_text(r, at, "notice", 100, false, &notice);
        if (!str_absent(notice) && !str_is(notice, "reminder") && !str_is(notice, "escalation"))
                definition_wrong(r, at, "notice", "must be one of: %s", "reminder escalation");
        repeat_get(r, at, step);
        json_set(step, "to", to);
        json_set(step, "notice", json_str(str_absent(notice) ? S("reminder") : notice));
        return step;
}

void clock_rule_ladder(struct reading *r, const struct place *at, json_t *rule)
{
        json_t *ladder = definition_member_array(r, at, "ladder", CLOCK_RULE_STEPS_MAX, false), *steps = json_array();

        for (size_t i = 0; ladder != NULL && i < json_array_size(ladder); i++) {
                struct place in;

                if (definition_member_element(r, at, "ladder", ladder, i, &in))
                        json_array_append_new(steps, step_get(r, &in));
        }
        json_set(rule, "ladder", steps);
}

/* One clock --------------------------------------------------------------------------------------------------------------------------- */

static void clock_get(struct reading *r, const struct place *at, struct clock_rule *clock)
{
        str group = STR_NONE, records = STR_NONE;

        clock->rule = json_object();
        definition_member_known(r, at, clock_members);
        (void)definition_member_name(r, at, "name", DEFINITION_ITEM_NAME_MAX, &clock->name);
        definition_member_title(r, at, "title", DEFINITION_TITLE_MAX, true, clock->title);
        event_get(r, at, "start", &clock->start);
        since_get(r, at, clock);
        if (json_object_get(at->object, "only") != NULL)
                clock_rule_condition(r, at, "only", &clock->only);
        if (json_object_get(at->object, "stop") == NULL)
                definition_wrong(r, at, "stop", "must not be empty");
        event_get(r, at, "stop", &clock->stop);
        clock_rule_within(r, at, false, clock->rule);
        if (definition_member_text(r, at, "group", 100, false, &group))
                json_set(clock->rule, "group", json_str(group));
        if (definition_member_text(r, at, "records", 100, false, &records)) {
                clock->later = str_is(records, "new");
                if (clock->later)
                        json_set(clock->rule, "records", json_str(records));
                else if (!str_is(records, "all"))
                        definition_wrong(r, at, "records", "must be one of: %s", "all new");
        }
        clock_rule_ladder(r, at, clock->rule);
}

void clock_rule_read(struct reading *r, const struct place *at)
{
        json_t *list = definition_member_array(r, at, "clocks", CLOCK_RULES_MAX, false);
        struct definition *def = r->def;

        def->clocks = NEW_ARRAY(r->cx->mem, struct clock_rule, list ? json_array_size(list) : 1);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                struct clock_rule *clock = &def->clocks[def->clock_count];
                struct place in;

                if (!definition_member_element(r, at, "clocks", list, i, &in))
                        continue;
                clock_get(r, &in, clock);
                for (size_t k = 0; k < def->clock_count; k++)
                        if (str_equal(def->clocks[k].name, clock->name))
                                definition_wrong(r, &in, "name", "\"%.*s\" stands here twice", STR_ARG(clock->name));
                def->clock_count++;
        }
}
