/* clock_run.c - see clock_run.h. */
#include "base/house.h"

#include "register/clock_run.h"

#include "base/clock.h"
#include "notify/notice.h"
#include "register/clock_run.sql.h"
#include "register/record_model.h"

enum { FIRE_MAX = 500, LISTED_MAX = 20 };

rc clock_run_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct clock_run_due *due;

        TRY(sql_clock_run_due(cx, after, &due));
        *ret_tenant = due ? due->tenant : STR_NONE;
        *ret_id = due ? due->number : 0;
        return RC_OK;
}

static rc duty_model(struct cx *cx, const struct clock_run_told *t, json_t **ret)
{
        json_t *m = json_object();
        str about, heading;

        TRY(record_model_named(cx, str_is(t->lang, "en") ? LANG_EN : LANG_JA, t->register_, t->record, t->reads, &about, &heading));
        json_set(m, "title", json_str(str_is(t->lang, "en") ? t->title_en : t->title_ja));
        json_set(m, "duty", json_integer(t->duty));
        json_set(m, "about", json_str(about));
        json_set(m, "heading", t->record_null ? json_null() : json_str(heading));
        json_set(m, "due", json_str(clock_short(cx->mem, t->due_at)));
        json_set(m, "missed", json_boolean(t->missed));
        *ret = m;
        return RC_OK;
}

static bool together(const struct clock_run_told *a, const struct clock_run_told *b)
{
        return !a->account_null && !b->account_null && a->account == b->account && str_equal(a->notice, b->notice);
}

/* rows[0..count): to one person. */
static rc tell(struct cx *cx, const struct clock_run_told *rows, size_t count)
{
        json_t *model = json_object(), *duties = json_array(), *one;

        for (size_t i = 0; i < count && i < LISTED_MAX; i++) {
                TRY(duty_model(cx, &rows[i], &one));
                json_array_append_new(duties, one);
        }
        json_set(model, "duties", duties);
        json_set(model, "count", json_integer((json_int_t)count));
        json_set(model, "first", json_object_get(json_array_get(duties, 0), "title"));
        if (count > LISTED_MAX)
                json_set(model, "more", json_integer((json_int_t)(count - LISTED_MAX)));
        return notice_duty(cx, rows->email, rows->lang, str_is(rows->notice, "escalation") ? "duty_escalation" : "duty_reminder", model);
}

rc clock_run_fire(struct cx *cx, int64_t id, json_t **ret)
{
        int64_t steps = 0, messages = 0, unheard = 0;
        json_t *told = json_object();
        struct clock_run_told *row;
        size_t count;

        TRY(sql_clock_run_fire(cx, FIRE_MAX, &row, &count));
        for (size_t i = 0, n; i < count; i += n) {
                for (n = 1; i + n < count && together(&row[i], &row[i + n]);)
                        n++;
                steps += (int64_t)n;
                if (row[i].account_null || str_absent(row[i].email)) {
                        unheard += (int64_t)n;
                        continue;
                }
                messages++;
                TRY(tell(cx, &row[i], n));
        }
        json_set(told, "steps", json_integer(steps));
        json_set(told, "messages", json_integer(messages));
        json_set(told, "unheard", json_integer(unheard));
        *ret = told;
        return RC_OK;
}
