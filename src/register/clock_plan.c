/* clock_plan.c - see clock_plan.h. */
#include "base/house.h"

#include "register/clock_plan.h"

#include "base/clock.h"
#include "page/page.h"
#include "register/clock_rule.h"
#include "register/clock_run.sql.h"
#include "register/clock_trigger.h"
#include "register/condition.h"

static str text(struct cx *cx, const char *key)
{
        return page_text(cx->lang, key);
}

static str event_sentence(struct cx *cx, const struct clock_event *e, const char *otherwise)
{
        if (e->item != NULL)
                return str_format(cx->mem, cx->lang == LANG_JA ? "「%.*s」%.*s" : "“%.*s” %.*s", STR_ARG(e->item->title[cx->lang]),
                                  STR_ARG(text(cx, "duties.clock_set")));
        return e->condition != NULL ? condition_sentence(cx, e->condition) : text(cx, otherwise);
}

str clock_plan_within(struct cx *cx, const json_t *rule)
{
        str unit = text(cx, str_format(cx->mem, "duties.unit.%.*s", STR_ARG(json_get_text(rule, "unit"))).p),
            calendar = json_get_text(rule, "calendar");
        long long n = (long long)json_integer_value(json_object_get(rule, "count"));

        if (str_absent(calendar) || !str_starts(json_get_text(rule, "unit"), S("business")))
                return str_format(cx->mem, cx->lang == LANG_JA ? "%lld%.*s" : "%lld %.*s", n, STR_ARG(unit));
        return str_format(cx->mem, cx->lang == LANG_JA ? "%lld%.*s（%.*s）" : "%lld %.*s (%.*s)", n, STR_ARG(unit), STR_ARG(calendar));
}

json_t *clock_plan_model(struct cx *cx, const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->clock_count; i++) {
                const struct clock_rule *c = &def->clocks[i];
                json_t *m = json_object();

                json_set(m, "name", json_str(c->name));
                json_set(m, "title", json_str(c->title[cx->lang]));
                json_set(m, "starts", json_str(event_sentence(cx, &c->start, "duties.clock_made")));
                json_set(m, "stops", json_str(event_sentence(cx, &c->stop, "duties.clock_made")));
                json_set(m, "only", json_str(c->only != NULL ? condition_sentence(cx, c->only) : text(cx, "duties.clock_all")));
                json_set(m, "within", json_str(clock_plan_within(cx, c->rule)));
                json_set(m, "steps", json_integer((json_int_t)json_array_size(json_object_get(c->rule, "ladder"))));
                json_array_append_new(list, m);
        }
        return list;
}

rc clock_plan_simulate(struct cx *cx, const struct definition *def, msec from, int64_t days, json_t **ret)
{
        json_t *list = json_array();

        TRY(clock_trigger_check(cx, def));
        for (size_t i = 0; i < def->clock_count; i++) {
                const struct clock_rule *c = &def->clocks[i];
                struct clock_run_fall *row;
                size_t count;

                TRY(sql_clock_run_simulate(cx, json_write(cx->mem, c->rule), from, days, &row, &count));
                for (size_t k = 0; k < count; k++) {
                        json_t *m = json_object();

                        json_set(m, "clock", json_str(c->name));
                        json_set(m, "title", json_str(c->title[cx->lang]));
                        json_set(m, "what", json_str(row[k].what));
                        json_set(m, "starts", json_str(clock_short(cx->mem, row[k].start_at)));
                        json_set(m, "at", json_str(clock_short(cx->mem, row[k].at)));
                        json_set(m, "to", json_str(row[k].who));
                        json_array_append_new(list, m);
                }
        }
        *ret = json_set(json_object(), "falls", list);
        return RC_OK;
}
