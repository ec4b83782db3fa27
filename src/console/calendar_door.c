/* calendar_door.c - see calendar_door.h. Everybody may look; who may set the contract's policy changes them. */
#include "base/house.h"

#include "console/calendar_door.h"

#include "base/fail.h"
#include "log/log.h"
#include "page/page.h"
#include "register/calendar.h"
#include "register/calendar_text.h"

/* clang-format off */
#define CALENDAR_FIELDS(required_)                                                                                                                   \
        { .name = "title", .type = SHAPE_TEXT, .required = (required_), .max = CALENDAR_TITLE_MAX, .summary = "What people call it" },                 \
        { .name = "weekdays", .type = SHAPE_LIST, .max = 7, .summary = "Business days: 1 Monday to 7 Sunday" },                                      \
        { .name = "hours", .type = SHAPE_TEXT, .max = CALENDAR_TEXT_MAX, .summary = "Hours of such a day: 10:00-12:00, 13:00-18:00" },                 \
        { .name = "holidays", .type = SHAPE_BOOL, .summary = "Closed on national holidays" },                                                        \
        { .name = "yearly", .type = SHAPE_TEXT, .max = CALENDAR_TEXT_MAX, .summary = "Closed every year: 12/28〜1/4, 8/13" }
/* clang-format on */

static const struct field create_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = 24, .summary = "What definitions call it: a-z, 0-9, _" },
        CALENDAR_FIELDS(true),
        { NULL },
};
static const struct shape create_in = { "CalendarNew", create_fields };
static const struct field change_fields[] = {
        CALENDAR_FIELDS(false),
        { .name = "holidays_given", .type = SHAPE_BOOL, .summary = "Forms send true: not ticked is false" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { .name = "year", .type = SHAPE_INT, .min = CALENDAR_YEAR_MIN, .max = CALENDAR_YEAR_MAX, .summary = "Console: the year that was shown" },
        { NULL },
};
static const struct shape change_in = { "CalendarChange", change_fields };
static const char *const day_states[] = { "closed", "open", "usual", NULL };
static const struct field day_fields[] = {
        { .name = "day", .type = SHAPE_TEXT, .required = true, .max = 30, .summary = "The day: 2026-12-28" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .choices = day_states, .summary = "closed, open, or usual: as its weekday says" },
        { .name = "hours", .type = SHAPE_TEXT, .max = CALENDAR_TEXT_MAX, .summary = "When open: other hours than usual" },
        { .name = "note", .type = SHAPE_TEXT, .max = CALENDAR_NOTE_MAX, .summary = "Why: company holiday, extended hours because of a failure …" },
        { .name = "year", .type = SHAPE_INT, .min = CALENDAR_YEAR_MIN, .max = CALENDAR_YEAR_MAX, .summary = "Console: the year that was shown" },
        { NULL },
};
static const struct shape day_in = { "CalendarDay", day_fields };
static const struct field year_fields[] = {
        { .name = "year", .type = SHAPE_INT, .min = CALENDAR_YEAR_MIN, .max = CALENDAR_YEAR_MAX, .summary = "The year; this one unless told" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape year_in = { "CalendarYear", year_fields };

static const struct field calendar_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "name", .type = SHAPE_TEXT, .required = true, .summary = "What definitions call it" },
        { .name = "title", .type = SHAPE_TEXT, .required = true, .summary = "What people call it" },
        { .name = "weekdays", .type = SHAPE_LIST, .required = true, .summary = "Business days: 1 Monday to 7 Sunday" },
        { .name = "hours", .type = SHAPE_TEXT, .required = true, .summary = "Hours of a business day" },
        { .name = "holidays", .type = SHAPE_BOOL, .required = true, .summary = "Closed on national holidays" },
        { .name = "yearly", .type = SHAPE_TEXT, .required = true, .summary = "Closed every year" },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Rises with each change" },
        { .name = "open_now", .type = SHAPE_BOOL, .required = true, .summary = "Is it business time at this moment?" },
        { NULL },
};
static const struct shape calendar_shape = { "Calendar", calendar_fields };
static const struct field date_fields[] = {
        { .name = "day", .type = SHAPE_TEXT, .required = true, .summary = "2026-11-23" },
        { .name = "weekday", .type = SHAPE_INT, .required = true, .summary = "0 Sunday" },
        { .name = "holiday", .type = SHAPE_TEXT, .summary = "Key of the national holiday; null: none" },
        { .name = "open", .type = SHAPE_BOOL, .required = true, .summary = "A business day" },
        { .name = "special", .type = SHAPE_BOOL, .required = true, .summary = "Written down for this day alone" },
        { .name = "note", .type = SHAPE_TEXT, .summary = "Why it is special" },
        { .name = "hours", .type = SHAPE_TEXT, .summary = "null: closed" },
        { .name = "today", .type = SHAPE_BOOL, .required = true, .summary = "It is today" },
        { NULL },
};
static const struct shape date_shape = { "CalendarDate", date_fields };
static const struct field one_fields[] = {
        { .name = "calendar", .type = SHAPE_OBJECT, .required = true, .of = &calendar_shape },
        { .name = "year", .type = SHAPE_INT, .summary = "When one is read: the year of `days`" },
        { .name = "days", .type = SHAPE_LIST, .of = &date_shape, .max = 366, .summary = "When one is read: every day of the year" },
        { .name = "open_days", .type = SHAPE_INT, .summary = "Business days among them" },
        { NULL },
};
static const struct shape one_out = { "CalendarAnswer", one_fields };
static const struct field list_fields[] = { { .name = "calendars", .type = SHAPE_LIST, .required = true, .of = &calendar_shape }, { NULL } };
static const struct shape list_out = { "CalendarList", list_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such calendar");
        log_subject(cx, S("calendar"), *ret);
        return RC_OK;
}

static str calendar_url(struct cx *cx, int64_t id, const json_t *in, const char *done)
{
        int64_t year = json_integer_value(json_object_get(in, "year"));

        if (year != 0)
                return str_format(cx->mem, "/calendars/%" PRId64 "?year=%" PRId64 "&done=%s", id, year, done);
        return str_format(cx->mem, "/calendars/%" PRId64 "?done=%s", id, done);
}

/* Seven boxes for a form: {value, title, on}; and the days as a sentence. */
static void weekdays_dress(struct cx *cx, json_t *calendar)
{
        json_t *boxes = json_array(), *list = json_object_get(calendar, "weekdays"), *one;
        str text = S("");

        for (int n = 1; n <= 7; n++) {
                json_t *box = json_object();
                bool on = list == NULL && n <= 5;
                str title = page_text(cx->lang, str_format(cx->mem, "calendar.weekday.d%d", n).p);
                size_t i;

                json_array_foreach(list, i, one)
                        on = on || json_integer_value(one) == n;
                if (on)
                        text = str_format(cx->mem, "%.*s%s%.*s", STR_ARG(text), text.n == 0 ? "" : cx->lang == LANG_JA ? "・" : ", ", STR_ARG(title));
                json_set(box, "value", json_integer(n));
                json_set(box, "title", json_str(title));
                json_set(box, "on", json_boolean(on));
                json_array_append_new(boxes, box);
        }
        json_set(calendar, "boxes", boxes);
        json_set(calendar, "days_text", json_str(text));
}

/* GET /calendars - calendars.html: {calendars: as calendar.h says, with days_text; boxes: for the form}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *one;
        size_t i;

        log_subject(cx, S("calendar"), 0);
        TRY(calendar_list(cx, &model));
        if (!api(req)) {
                json_array_foreach(json_object_get(model, "calendars"), i, one)
                        weekdays_dress(cx, one);
                weekdays_dress(cx, model);
        }
        return http_reply(res, 200, "calendars.html", model);
}

/* POST /calendars - 303 to it. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *calendar, *model = json_object();
        int64_t id;

        log_subject(cx, S("calendar"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(calendar_create(cx, in, &calendar));
        id = json_integer_value(json_object_get(calendar, "id"));
        log_subject(cx, S("calendar"), id);
        log_detail(cx, "name", json_object_get(calendar, "name"));
        json_set(model, "calendar", calendar);
        return http_created(res, 201, calendar_url(cx, id, NULL, "created"), model);
}

/* One square of a month: {n, day, label, is_open, is_closed, is_holiday, is_special, is_today}. */
static json_t *square(struct cx *cx, const json_t *d)
{
        bool open = json_is_true(json_object_get(d, "open")), special = json_is_true(json_object_get(d, "special"));
        str day = json_get_text(d, "day"), holiday = json_get_text(d, "holiday"), note = json_get_text(d, "note"), why = S("");
        json_t *m = json_object();
        int64_t n = 0;

        (void)str_int((str){ day.p + 8, 2 }, &n);
        if (!str_absent(holiday))
                why = page_text(cx->lang, str_format(cx->mem, "calendar.holiday.%.*s", STR_ARG(holiday)).p);
        if (!str_absent(note))
                why = why.n == 0 ? note : str_format(cx->mem, "%.*s · %.*s", STR_ARG(note), STR_ARG(why));
        json_set(m, "n", json_integer(n));
        json_set(m, "day", json_str(day));
        if (why.n > 0)
                json_set(m, "why", json_str(why));
        json_set(m, "is_open", json_boolean(open));
        json_set(m, "is_closed", json_boolean(!open));
        json_set(m, "is_holiday", json_boolean(!str_absent(holiday)));
        json_set(m, "is_special", json_boolean(special));
        json_set(m, "is_today", json_object_get(d, "today"));
        return m;
}

static void week_end(json_t *weeks, json_t **week)
{
        while (json_array_size(*week) > 0 && json_array_size(*week) < 7)
                json_array_append_new(*week, json_set(json_object(), "blank", json_true()));
        if (json_array_size(*week) > 0)
                json_array_append_new(weeks, json_set(json_object(), "cells", *week));
        *week = json_array();
}

/* months: [{title, weeks: [{cells: [square | {blank}]}], open_days}]; named: the days that have a reason, in order. */
static void year_dress(struct cx *cx, json_t *model)
{
        json_t *months = json_array(), *named = json_array(), *weeks = NULL, *week = json_array(), *d, *month = NULL, *head = json_array();
        int64_t open = 0;
        size_t i;

        json_array_foreach(json_object_get(model, "days"), i, d) {
                json_t *one = square(cx, d);
                int64_t weekday = json_integer_value(json_object_get(d, "weekday"));
                str day = json_get_text(d, "day");

                if (json_integer_value(json_object_get(one, "n")) == 1) {
                        if (month != NULL)
                                week_end(weeks, &week);
                        weeks = json_array();
                        open = 0;
                        month = json_object();
                        json_set(month, "title", json_str(page_text(cx->lang, str_format(cx->mem, "calendar.month.m%.2s", day.p + 5).p)));
                        json_set(month, "weeks", weeks);
                        json_array_append_new(months, month);
                        for (int64_t n = 0; n < weekday; n++)
                                json_array_append_new(week, json_set(json_object(), "blank", json_true()));
                }
                open += json_is_true(json_object_get(d, "open"));
                json_set(month, "open_days", json_integer(open));
                json_set(one, "hours", json_object_get(d, "hours"));
                json_set(one, "weekday_text",
                         json_str(page_text(cx->lang, str_format(cx->mem, "calendar.weekday.d%d", weekday == 0 ? 7 : (int)weekday).p)));
                if (json_is_true(json_object_get(d, "special")) || json_is_string(json_object_get(d, "holiday")))
                        json_array_append_new(named, json_deep_copy(one));
                json_array_append_new(week, one);
                if (json_array_size(week) == 7)
                        week_end(weeks, &week);
        }
        week_end(weeks, &week);
        for (int n = 0; n < 7; n++)
                json_array_append_new(head, json_set(json_object(), "title",
                                                     json_str(page_text(cx->lang, str_format(cx->mem, "calendar.weekday.d%d", n == 0 ? 7 : n).p))));
        json_set(model, "months", months);
        json_set(model, "named", named);
        json_set(model, "head", head);
}

/* GET /calendars/{id} - calendar.html: as calendar.h says, months, named and head as above, before and after: years beside it. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *calendar;
        int64_t id, year;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &year_in, req, &in));
        TRY(calendar_get(cx, id, json_integer_value(json_object_get(in, "year")), &model));
        calendar = json_object_get(model, "calendar");
        year = json_integer_value(json_object_get(model, "year"));
        if (!api(req)) {
                weekdays_dress(cx, calendar);
                year_dress(cx, model);
                json_set(model, "year_plain", json_str(str_format(cx->mem, "%" PRId64, year)));
                if (year > CALENDAR_YEAR_MIN)
                        json_set(model, "year_before", json_str(str_format(cx->mem, "%" PRId64, year - 1)));
                if (year < CALENDAR_YEAR_MAX)
                        json_set(model, "year_after", json_str(str_format(cx->mem, "%" PRId64, year + 1)));
        }
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(calendar, "version")));
        return http_reply(res, 200, "calendar.html", model);
}

/* PATCH /calendars/{id} - members given change; 303 to it. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *calendar, *model = json_object();
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        if (json_is_true(json_object_get(in, "holidays_given")) && json_object_get(in, "holidays") == NULL)
                json_set(in, "holidays", json_false());
        TRY(calendar_update(cx, id, version, in, &before, &calendar));
        (void)json_object_del(before, "open_now");
        log_detail(cx, "changes", log_difference(before, calendar));
        json_set(model, "calendar", calendar);
        return http_created(res, 200, calendar_url(cx, id, in, "saved"), model);
}

/* POST /calendars/{id}/days - one day is other than usual, or as usual again; 303 to the year. */
static rc day(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        static const char *const told[] = { "day", "state", "hours", "note" };
        json_t *in;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &day_in, req, &in));
        TRY(calendar_day(cx, id, in));
        for (size_t i = 0; i < COUNT(told); i++)
                if (json_object_get(in, told[i]) != NULL)
                        log_detail(cx, told[i], json_object_get(in, told[i]));
        return http_created(res, 204, calendar_url(cx, id, in, "calendar_day"), NULL);
}

/* clang-format off */
const struct route calendar_door_routes[] = {
        /*     method path                   permission          logged as   body   rate    handler */
        ROUTE( GET,   "/calendars",           PERM_NONE,          LOG_LIST,   0,     NORMAL, list,   "List business calendars", .out = &list_out ),
        ROUTE( POST,  "/calendars",           PERM_POLICY_MANAGE, LOG_CREATE, KB(8), NORMAL, create, "Make a business calendar",
               .in = &create_in, .out = &one_out ),
        ROUTE( GET,   "/calendars/{id}",      PERM_NONE,          LOG_VIEW,   0,     NORMAL, show,   "Read a business calendar and one of its years",
               .in = &year_in, .out = &one_out ),
        ROUTE( PATCH, "/calendars/{id}",      PERM_POLICY_MANAGE, LOG_UPDATE, KB(8), NORMAL, change, "Change a business calendar",
               .in = &change_in, .out = &one_out ),
        ROUTE( POST,  "/calendars/{id}/days", PERM_POLICY_MANAGE, LOG_UPDATE, KB(8), NORMAL, day,    "Make a day other than usual, or usual again",
               .in = &day_in ),
        ROUTE_END
};
/* clang-format on */
