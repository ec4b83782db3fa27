/* calendar.c - see calendar.h. */
#include "base/house.h"

#include "register/calendar.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "db/db.h"
#include "register/calendar.sql.h"
#include "register/calendar_text.h"
#include "register/definition.h"
#include "register/definition_member.h"

/* "{1,2}" or "{12-28,12-29}": what PostgreSQL writes of arrays without quotes. */
static size_t array_read(str s, str *ret, size_t max)
{
        size_t count = 0;

        must(s.n >= 2 && s.p[0] == '{');
        s = (str){ s.p + 1, s.n - 2 };
        while (!str_empty(s) && count < max)
                ret[count++] = str_cut(s, ',', &s);
        return count;
}

static json_t *calendar_model(struct cx *cx, const struct calendar_row *r)
{
        str *words = NEW_ARRAY(cx->mem, str, CALENDAR_TEXT_DAYS);
        json_t *m = json_object(), *weekdays = json_array();
        size_t count = array_read(r->weekdays, words, 7);

        for (size_t i = 0; i < count; i++)
                json_array_append_new(weekdays, json_integer(words[i].p[0] - '0'));
        count = array_read(r->yearly, words, CALENDAR_TEXT_DAYS);
        json_set(m, "id", json_integer(r->id));
        json_set(m, "name", json_str(r->name));
        json_set(m, "title", json_str(r->title));
        json_set(m, "weekdays", weekdays);
        json_set(m, "hours", json_str(r->hours));
        json_set(m, "holidays", json_boolean(r->holidays));
        json_set(m, "yearly", json_str(calendar_text_yearly_write(cx, words, count)));
        json_set(m, "version", json_integer(r->version));
        json_set(m, "open_now", json_boolean(r->open_now));
        return m;
}

rc calendar_list(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct calendar_row *row;
        size_t count;

        TRY(sql_calendar_list(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                json_array_append_new(list, calendar_model(cx, &row[i]));
        *ret = json_set(json_object(), "calendars", list);
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct calendar_row **ret)
{
        TRY(sql_calendar_find(cx, id, ret));
        return *ret != NULL ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such calendar");
}

static json_t *date_model(const struct calendar_date *d)
{
        json_t *m = json_object();

        json_set(m, "day", json_str(d->day));
        json_set(m, "weekday", json_integer(d->weekday));
        json_set(m, "holiday", json_str(d->holiday));
        json_set(m, "open", json_boolean(d->open));
        json_set(m, "special", json_boolean(d->special));
        json_set(m, "note", json_str(d->note));
        json_set(m, "hours", json_str(d->hours));
        json_set(m, "today", json_boolean(d->today));
        return m;
}

rc calendar_get(struct cx *cx, int64_t id, int64_t year, json_t **ret)
{
        json_t *m = json_object(), *days = json_array();
        struct calendar_row *row;
        struct calendar_date *day;
        size_t count, open = 0;

        TRY(row_find(cx, id, &row));
        year = year == 0 ? clock_tokyo(cx->now).date.year : year;
        if (year < CALENDAR_YEAR_MIN || year > CALENDAR_YEAR_MAX)
                return fail(cx, RC_INVALID, "year", "must be between %d and %d", CALENDAR_YEAR_MIN, CALENDAR_YEAR_MAX);
        TRY(sql_calendar_year(cx, id, year, &day, &count));
        for (size_t i = 0; i < count; i++) {
                open += day[i].open;
                json_array_append_new(days, date_model(&day[i]));
        }
        json_set(m, "calendar", calendar_model(cx, row));
        json_set(m, "year", json_integer(year));
        json_set(m, "days", days);
        json_set(m, "open_days", json_integer((json_int_t)open));
        *ret = m;
        return RC_OK;
}

/* What is to be written: what is given, else what is there. */
struct wish {
        str name, title, weekdays, hours, yearly;
        bool holidays;
};

static rc weekdays_read(struct cx *cx, const json_t *list, str *ret)
{
        struct buf b = buf_open(cx->mem, KB(1));
        bool has[8] = { false };
        const json_t *one;
        size_t i, count = 0;

        buf_char(&b, '{');
        json_array_foreach((json_t *)(uintptr_t)list, i, one) {
                int64_t n = json_integer_value(one);

                if (!json_is_integer(one) && !str_int(json_text(one), &n))
                        n = 0;
                if (n < 1 || n > 7)
                        return fail(cx, RC_INVALID, "weekdays", "must be numbers from 1 (Monday) to 7 (Sunday)");
                has[n] = true;
        }
        for (int n = 1; n <= 7; n++)
                if (has[n])
                        buf_format(&b, "%s%d", count++ > 0 ? "," : "", n);
        buf_char(&b, '}');
        *ret = buf_str(&b);
        return count > 0 ? RC_OK : fail(cx, RC_INVALID, "weekdays", "must not be empty");
}

static rc wish_read(struct cx *cx, const json_t *in, struct wish *w)
{
        str *days = NEW_ARRAY(cx->mem, str, CALENDAR_TEXT_DAYS), title = json_get_text(in, "title");
        size_t count;

        if (!str_absent(title)) {
                w->title = str_trim(title);
                TRY(text_check(cx, w->title, "title", CALENDAR_TITLE_MAX, false));
        }
        if (str_absent(w->title) || str_empty(w->title))
                (void)fail(cx, RC_INVALID, "title", "must not be empty");
        if (json_object_get(in, "weekdays") != NULL)
                TRY(weekdays_read(cx, json_object_get(in, "weekdays"), &w->weekdays));
        if (!str_absent(json_get_text(in, "hours")))
                TRY(calendar_text_hours(cx, json_get_text(in, "hours"), "hours", &w->hours));
        if (!str_absent(json_get_text(in, "yearly"))) {
                TRY(calendar_text_yearly(cx, json_get_text(in, "yearly"), "yearly", days, &count));
                w->yearly = db_array(cx, days, count);
        }
        if (json_object_get(in, "holidays") != NULL)
                w->holidays = json_is_true(json_object_get(in, "holidays"));
        return cx->failure.code;
}

rc calendar_create(struct cx *cx, const json_t *in, json_t **ret)
{
        struct wish w = {
                .name = json_get_text(in, "name"), .weekdays = S("{1,2,3,4,5}"), .hours = S("{[540,1080)}"), .yearly = S("{}"), .holidays = true
        };
        struct calendar_row *row;
        int64_t id;

        if (!definition_member_name_valid(str_absent(w.name) ? S("") : w.name, DEFINITION_NAME_MAX))
                (void)fail(cx, RC_INVALID, "name", "must be a lower-case letter followed by letters a-z, digits and _, at most %zu in all",
                           (size_t)DEFINITION_NAME_MAX);
        TRY(wish_read(cx, in, &w));
        TRY(sql_calendar_write(cx, 0, 0, w.name, w.title, w.weekdays, w.hours, w.holidays, w.yearly, &id));
        TRY(row_find(cx, id, &row));
        *ret = calendar_model(cx, row);
        return RC_OK;
}

rc calendar_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        struct calendar_row *row;
        struct wish w = { .name = STR_NONE };
        int64_t done;

        TRY(row_find(cx, id, &row));
        if (row->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        w.title = row->title;
        w.weekdays = row->weekdays;
        w.yearly = row->yearly;
        w.holidays = row->holidays;
        TRY(calendar_text_hours(cx, row->hours, "hours", &w.hours));
        TRY(wish_read(cx, in, &w));
        *ret_before = calendar_model(cx, row);
        TRY(sql_calendar_write(cx, id, version, w.name, w.title, w.weekdays, w.hours, w.holidays, w.yearly, &done));
        if (done == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        TRY(row_find(cx, id, &row));
        *ret = calendar_model(cx, row);
        return RC_OK;
}

rc calendar_day(struct cx *cx, int64_t id, const json_t *in)
{
        str state = json_get_text(in, "state"), note = json_get_text(in, "note"), hours = json_get_text(in, "hours"), spans = STR_NONE;
        bool open = str_is(state, "open"), usual = str_is(state, "usual"), done;
        struct calendar_row *row;
        struct date day;

        TRY(row_find(cx, id, &row));
        if (!clock_read_date(json_get_text(in, "day"), &day) || day.year < CALENDAR_YEAR_MIN || day.year > CALENDAR_YEAR_MAX)
                (void)fail(cx, RC_INVALID, "day", "must be a day between %d and %d", CALENDAR_YEAR_MIN, CALENDAR_YEAR_MAX);
        if (!usual && (str_absent(note) || str_empty(str_trim(note))))
                (void)fail(cx, RC_INVALID, "note", "must say why this day is another than usual");
        else if (!str_absent(note))
                TRY(text_check(cx, note, "note", CALENDAR_NOTE_MAX, false));
        if (open && !str_absent(hours) && !str_empty(str_trim(hours)))
                TRY(calendar_text_hours(cx, hours, "hours", &spans));
        TRY(cx->failure.code);
        TRY(sql_calendar_day_write(cx, id, clock_iso_date(cx->mem, day), usual ? NULL : &open, spans, usual ? STR_NONE : str_trim(note), &done));
        return done ? RC_OK : fail(cx, RC_CONFLICT, "day", "this day is as usual already");
}
