/* move_tell.c - see move_tell.h. */
#include "base/house.h"

#include "register/move_tell.h"

#include "base/clock.h"
#include "notify/notice.h"
#include "register/move.sql.h"
#include "register/record_model.h"

enum { FIRE_MAX = 200, LISTED_MAX = 20 };

rc move_tell_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct move_due *due;

        TRY(sql_move_due(cx, after, &due));
        *ret_tenant = due ? due->tenant : STR_NONE;
        *ret_id = due ? due->number : 0;
        return RC_OK;
}

/* Of the state in which a request is. */
static bool is_result(str notice)
{
        return !str_is(notice, "asked") && !str_is(notice, "reminder") && !str_is(notice, "overdue");
}

static rc move_model(struct cx *cx, const struct move_told *t, json_t **ret)
{
        json_t *m = json_object();
        str title, heading;

        TRY(record_model_named(cx, str_is(t->lang, "en") ? LANG_EN : LANG_JA, t->register_, t->record, true, &title, &heading));
        json_set(m, "title", json_str(str_is(t->lang, "en") ? t->title_en : t->title_ja));
        json_set(m, "about", json_str(title));
        json_set(m, "heading", json_str(heading));
        json_set(m, "register", json_str(t->register_));
        json_set(m, "record", json_integer(t->record));
        json_set(m, "asked_by", json_str(t->asked_by));
        json_set(m, str_format(cx->mem, "is_%.*s", STR_ARG(t->notice)).p, json_true());
        if (str_is(t->notice, "void") && !str_absent(t->why))
                json_set(m, str_format(cx->mem, "was_%.*s", STR_ARG(t->why)).p, json_true());
        if (!t->due_at_null)
                json_set(m, "due", json_str(clock_short(cx->mem, t->due_at)));
        *ret = m;
        return RC_OK;
}

static bool together(const struct move_told *a, const struct move_told *b)
{
        return a->account == b->account && str_equal(a->notice, b->notice);
}

/* rows[0..count): to one person. */
static rc tell(struct cx *cx, const struct move_told *rows, size_t count)
{
        json_t *model = json_object(), *moves = json_array(), *one;
        const char *kind = is_result(rows->notice) ? "move_result" : str_format(cx->mem, "move_%.*s", STR_ARG(rows->notice)).p;

        for (size_t i = 0; i < count && i < LISTED_MAX; i++) {
                TRY(move_model(cx, &rows[i], &one));
                json_array_append_new(moves, one);
        }
        json_set(model, "moves", moves);
        json_set(model, "first", json_object_get(json_array_get(moves, 0), "title"));
        if (count > LISTED_MAX)
                json_set(model, "more", json_integer((json_int_t)(count - LISTED_MAX)));
        return notice_duty(cx, rows->email, rows->lang, kind, model);
}

rc move_tell_fire(struct cx *cx, int64_t id, json_t **ret)
{
        int64_t messages = 0;
        json_t *told = json_object();
        struct move_told *row;
        size_t count;

        TRY(sql_move_fire(cx, FIRE_MAX, &row, &count));
        for (size_t i = 0, n; i < count; i += n) {
                for (n = 1; i + n < count && together(&row[i], &row[i + n]);)
                        n++;
                messages++;
                TRY(tell(cx, &row[i], n));
        }
        json_set(told, "requests", json_integer((json_int_t)count));
        json_set(told, "messages", json_integer(messages));
        *ret = told;
        return RC_OK;
}
