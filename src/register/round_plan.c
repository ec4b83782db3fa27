/* round_plan.c - see round_plan.h. */
#include "base/house.h"

#include "register/round_plan.h"

#include "base/buf.h"
#include "base/clock.h"
#include "page/page.h"
#include "register/clock_plan.h"
#include "register/condition.h"
#include "register/move.h"
#include "register/round.sql.h"
#include "register/round_rule.h"
#include "register/round_trigger.h"

static str text(struct cx *cx, const char *key)
{
        return page_text(cx->lang, key);
}

static long long count(const json_t *object, const char *name)
{
        return (long long)json_integer_value(json_object_get(object, name));
}

static void month_add(struct cx *cx, struct buf *b, long long month)
{
        buf_add(b, text(cx, str_format(cx->mem, "calendar.month.m%02lld", month).p));
}

/* "毎月25日", "4月・7月・10月・1月の末日", "毎週月・木", "終えた日から90日後" */
static str when(struct cx *cx, const json_t *rule)
{
        const json_t *every = json_object_get(rule, "every"), *rest = json_object_get(rule, "rest"), *days = json_object_get(every, "weekdays");
        struct buf b = buf_open(cx->mem, KB(1));
        bool ja = cx->lang == LANG_JA;
        long long months = count(every, "months"), day = count(every, "day");
        str calendar = json_get_text(rule, "calendar"), closed = json_get_text(rule, "closed");

        if (json_is_object(rest)) {
                bool in_days = json_object_get(rest, "days") != NULL;

                buf_format(&b, ja ? "終えた日から%lld%s" : "%lld %s after the last was done", count(rest, in_days ? "days" : "months"),
                           in_days ? (ja ? "日後" : "days") : (ja ? "か月後" : "months"));
        } else if (days != NULL) {
                buf_add(&b, ja ? S("毎週") : S("Every "));
                for (size_t i = 0; i < json_array_size(days); i++) {
                        buf_add(&b, i == 0 ? S("") : ja ? S("・") : S(", "));
                        buf_add(&b,
                                text(cx, str_format(cx->mem, "calendar.weekday.d%lld", (long long)json_integer_value(json_array_get(days, i))).p));
                }
        } else {
                if (months == 1)
                        buf_add(&b, ja ? S("毎月") : S("Every month"));
                for (long long m = 0; months > 1 && m < 12 / months; m++) {
                        buf_add(&b, m == 0 ? (ja ? S("毎年") : S("Every year in ")) : ja ? S("・") : S(", "));
                        month_add(cx, &b, (count(every, "month") - 1 + m * months) % 12 + 1);
                }
                if (ja && months > 1)
                        buf_add(&b, S("の"));
                if (day == 31)
                        buf_add(&b, ja ? S("末日") : S(", on the last day"));
                else
                        buf_format(&b, ja ? "%lld日" : ", on day %lld", day);
        }
        if (!str_absent(closed) && !str_is(closed, "open"))
                buf_format(&b, ja ? "（%.*s%.*s）" : " (%.*s: %.*s)", STR_ARG(calendar),
                           STR_ARG(text(cx, str_format(cx->mem, "rounds.closed.%.*s", STR_ARG(closed)).p)));
        return buf_str(&b);
}

static str whose(struct cx *cx, const json_t *rule, const struct definition *def)
{
        str who = json_get_text(rule, "assignee"), group = json_get_text(rule, "group");
        str of_group = str_format(cx->mem, "%.*s: %.*s", STR_ARG(text(cx, "duties.to.group")), STR_ARG(group));

        if (str_absent(who))
                return of_group;
        who = move_who(cx, def, who);
        return str_absent(group) ? who : str_format(cx->mem, cx->lang == LANG_JA ? "%.*s、%.*s" : "%.*s, %.*s", STR_ARG(who), STR_ARG(of_group));
}

static json_t *model(struct cx *cx, const struct definition *def, const struct round_rule *round)
{
        json_t *m = json_object();
        str whom = round->once ? text(cx, "rounds.once") : round->only != NULL ? condition_sentence(cx, round->only) : text(cx, "duties.clock_all");

        json_set(m, "name", json_str(round->name));
        json_set(m, "title", json_str(round->title[cx->lang]));
        json_set(m, "once", json_boolean(round->once));
        json_set(m, "when", json_str(when(cx, round->rule)));
        json_set(m, "whom", json_str(whom));
        json_set(m, "within", json_str(clock_plan_within(cx, round->rule)));
        json_set(m, "whose", json_str(whose(cx, round->rule, def)));
        json_set(m, "results", json_deep_copy(json_object_get(round->rule, "results")));
        json_set(m, "note", json_boolean(json_is_true(json_object_get(round->rule, "note"))));
        json_set(m, "steps", json_integer((json_int_t)json_array_size(json_object_get(round->rule, "ladder"))));
        return m;
}

json_t *round_plan_one(struct cx *cx, const struct definition *def, str name)
{
        for (size_t i = 0; i < def->round_count; i++)
                if (str_equal(def->rounds[i].name, name))
                        return model(cx, def, &def->rounds[i]);
        return NULL;
}

json_t *round_plan_model(struct cx *cx, const struct definition *def)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->round_count; i++)
                json_array_append_new(list, model(cx, def, &def->rounds[i]));
        return list;
}

rc round_plan_simulate(struct cx *cx, const struct definition *def, msec from, int64_t days, json_t *falls)
{
        TRY(round_trigger_check(cx, def));
        for (size_t i = 0; i < def->round_count; i++) {
                const struct round_rule *round = &def->rounds[i];
                struct round_fall *row;
                size_t n;

                TRY(sql_round_simulate(cx, json_write(cx->mem, round->rule), from, days, &row, &n));
                for (size_t k = 0; k < n; k++) {
                        json_t *m = json_object();

                        json_set(m, "clock", json_str(round->name));
                        json_set(m, "title", json_str(round->title[cx->lang]));
                        json_set(m, "what", json_str(row[k].what));
                        json_set(m, "starts", json_str(clock_short(cx->mem, row[k].start_at)));
                        json_set(m, "at", json_str(clock_short(cx->mem, row[k].at)));
                        json_set(m, "to", json_str(row[k].who));
                        json_array_append_new(falls, m);
                }
        }
        return RC_OK;
}

bool round_plan_same(const struct definition *old, const struct definition *wanted)
{
        json_t *a = old ? json_object_get(old->source, "rounds") : NULL, *b = json_object_get(wanted->source, "rounds");

        return json_array_size(a) == 0 ? json_array_size(b) == 0 : b != NULL && json_equal(a, b);
}

rc round_plan_ended(struct cx *cx, const struct definition *old, const struct definition *wanted, int64_t *ret)
{
        struct buf names = buf_open(cx->mem, KB(4));

        *ret = 0;
        if (old == NULL || old->round_count == 0)
                return RC_OK;
        for (size_t i = 0; i < wanted->round_count; i++) {
                const struct round_rule *is = &wanted->rounds[i];

                for (size_t k = 0; k < old->round_count; k++)
                        if (str_equal(old->rounds[k].name, is->name) && old->rounds[k].once == is->once)
                                buf_format(&names, "%.*s ", STR_ARG(is->name));
        }
        return sql_round_open(cx, old->id, str_trim(buf_str(&names)), ret);
}
