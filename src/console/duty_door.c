/* duty_door.c - see duty_door.h. Everybody has duties: what somebody sees of them follows from what they may read. */
#include "base/house.h"

#include "console/duty_door.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "console/round_door.h"
#include "gate/enter.h"
#include "log/log.h"
#include "page/page.h"
#include "register/duty.h"
#include "register/duty_feed.h"

enum { LIMIT = 50, MONTH_MAX = 2000, SHOWN_A_DAY = 4 };

static const char *const whiches[] = { "mine", "team", "overdue", "done", NULL };
static const struct field list_query[] = {
        { .name = "which", .type = SHAPE_TEXT, .choices = whiches, .summary = "mine (unless told), team: everybody's, overdue, or done" },
        { .name = "from", .type = SHAPE_DATETIME, .summary = "Due from this moment on" },
        { .name = "to", .type = SHAPE_DATETIME, .summary = "Due before this moment" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next.after` of the page before" },
        { .name = "after_due", .type = SHAPE_DATETIME, .summary = "`next.after_due` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Duties a page" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape list_in = { "DutyQuery", list_query };
static const struct field month_query[] = {
        { .name = "month", .type = SHAPE_TEXT, .max = 7, .summary = "2026-11; this month unless told" },
        { NULL },
};
static const struct shape month_in = { "DutyMonthQuery", month_query };
static const struct field duty_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind",
          .type = SHAPE_TEXT,
          .required = true,
          .summary = "clock, round (it comes again), move (an approval), access_review or log_review" },
        { .name = "title", .type = SHAPE_TEXT, .required = true, .summary = "What is to be done" },
        { .name = "register", .type = SHAPE_TEXT, .summary = "Kinds clock, round and move: the register of its record" },
        { .name = "register_title", .type = SHAPE_TEXT, .summary = "What people call it" },
        { .name = "record", .type = SHAPE_INT, .summary = "Kinds clock, round and move: the record; null: the register itself" },
        { .name = "heading", .type = SHAPE_TEXT, .summary = "What names the record; without personal items for accounts that may not see them" },
        { .name = "ref", .type = SHAPE_INT, .summary = "Other kinds: number of the review, or of the set of approvals" },
        { .name = "path", .type = SHAPE_TEXT, .required = true, .summary = "Page where it is done" },
        { .name = "group", .type = SHAPE_TEXT, .summary = "Whose it is while nobody took it" },
        { .name = "assignee", .type = SHAPE_INT, .summary = "Account that has it" },
        { .name = "assignee_name", .type = SHAPE_TEXT, .summary = "Its name" },
        { .name = "started_at", .type = SHAPE_DATETIME, .required = true, .summary = "When the time began to run; it does not move" },
        { .name = "due_at", .type = SHAPE_DATETIME, .required = true, .summary = "Deadline: this moment is still in time" },
        { .name = "due_first_at", .type = SHAPE_DATETIME, .summary = "Deadline before an exception; null: it is the same" },
        { .name = "ended_at", .type = SHAPE_DATETIME, .summary = "When it was done or ceased to apply; null: open" },
        { .name = "stopped_by", .type = SHAPE_TEXT, .summary = "By whose action it was done" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "running, missed, met, late or void" },
        { .name = "open", .type = SHAPE_BOOL, .required = true, .summary = "It is still to be done" },
        { .name = "mine", .type = SHAPE_BOOL, .required = true, .summary = "It is, or could be, the reader's" },
        { .name = "within", .type = SHAPE_TEXT, .summary = "The time it has, as a sentence" },
        { .name = "why", .type = SHAPE_TEXT, .summary = "rule: it was withdrawn, because its clock was taken out of the definition" },
        { .name = "asked", .type = SHAPE_BOOL, .required = true, .summary = "An exception waits for a decision" },
        { NULL },
};
static const struct shape duty_shape = { "Duty", duty_fields };
static const struct field list_fields[] = {
        { .name = "duties", .type = SHAPE_LIST, .required = true, .of = &duty_shape },
        { .name = "next", .type = SHAPE_JSON, .summary = "after and after_due of the next page; null: none" },
        { .name = "counts", .type = SHAPE_JSON, .summary = "mine, overdue: open ones, counted up to 1000" },
        { NULL },
};
static const struct shape list_out = { "DutyList", list_fields };
static const struct field one_fields[] = {
        { .name = "duty", .type = SHAPE_OBJECT, .required = true, .of = &duty_shape },
        { .name = "steps", .type = SHAPE_JSON, .required = true, .summary = "Who is told when: at, notice, to, told" },
        { .name = "pauses", .type = SHAPE_JSON, .required = true, .summary = "Exceptions, newest first" },
        { .name = "may", .type = SHAPE_JSON, .required = true, .summary = "assign, ask, decide" },
        { .name = "round",
          .type = SHAPE_JSON,
          .summary = "Kind round: name, results to choose from, note (it needs one); result, said (the note), done_by, done_at; can: the reader can "
                     "say it is done" },
        { NULL },
};
static const struct shape one_out = { "DutyAnswer", one_fields };
static const struct field assign_fields[] = {
        { .name = "login", .type = SHAPE_TEXT, .max = DUTY_LOGIN_MAX, .summary = "Log-in name; empty: nobody in particular" },
        { .name = "me", .type = SHAPE_BOOL, .summary = "The one who asks" },
        { NULL },
};
static const struct shape assign_in = { "DutyAssign", assign_fields };
static const struct field pause_fields[] = {
        { .name = "reason", .type = SHAPE_TEXT, .required = true, .max = DUTY_REASON_MAX, .lines = true, .summary = "Why the deadline has to rest" },
        { .name = "until", .type = SHAPE_DATETIME, .required = true, .summary = "Until when; what was left of the time is left again then" },
        { NULL },
};
static const struct shape pause_in = { "DutyPause", pause_fields };
static const char *const decisions[] = { "approve", "refuse", NULL };
static const struct field decide_fields[] = {
        { .name = "decision", .type = SHAPE_TEXT, .required = true, .choices = decisions, .summary = "approve or refuse" },
        { NULL },
};
static const struct shape decide_in = { "DutyDecision", decide_fields };
static const struct field feed_fields[] = {
        { .name = "feed", .type = SHAPE_JSON, .summary = "made_at, used_at; null: there is none" },
        { .name = "address", .type = SHAPE_TEXT, .summary = "When it was made: path with its key, told once" },
        { NULL },
};
static const struct shape feed_out = { "DutyFeed", feed_fields };
static const struct field key_query[] = {
        { .name = "key", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "Key of the feed" },
        { NULL },
};
static const struct shape key_in = { "DutyFeedQuery", key_query };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such duty");
        log_subject(cx, S("duty"), *ret);
        return RC_OK;
}

/* left: "あと3時間", or how long it is over; chip: its colour; is_clock. */
static void dress(struct cx *cx, json_t *duty)
{
        static const struct {
                const char *state, *chip;
        } chips[] = { { "running", "" }, { "missed", "bad" }, { "met", "good" }, { "late", "warn" }, { "void", "" } };
        str state = json_get_text(duty, "state");
        msec due;

        json_set(duty, "state_text", json_str(page_text(cx->lang, str_format(cx->mem, "duties.state.%.*s", STR_ARG(state)).p)));
        for (size_t i = 0; i < COUNT(chips); i++)
                if (str_is(state, chips[i].state))
                        json_set(duty, "chip", json_string(chips[i].chip));
        json_set(duty, "by_rule", json_boolean(!str_absent(json_get_text(duty, "why"))));
        json_set(duty, "is_clock", json_boolean(str_is(json_get_text(duty, "kind"), "clock")));
        json_set(duty, "is_round", json_boolean(str_is(json_get_text(duty, "kind"), "round")));
        json_set(duty, "is_laddered", json_boolean(json_is_string(json_object_get(duty, "within"))));
        json_set(duty, "is_move", json_boolean(str_is(json_get_text(duty, "kind"), "move")));
        json_set(duty, "of_record", json_boolean(json_is_integer(json_object_get(duty, "record"))));
        if (json_is_true(json_object_get(duty, "open")) && clock_read(json_get_text(duty, "due_at"), &due)) {
                msec left = due - cx->now, away = left < 0 ? -left : left;
                int64_t n = away < CLOCK_HOUR ? away / CLOCK_MINUTE : away < 2 * CLOCK_DAY ? away / CLOCK_HOUR : away / CLOCK_DAY;
                const char *unit = away < CLOCK_HOUR ? "minutes" : away < 2 * CLOCK_DAY ? "hours" : "days";

                json_set(duty, left < 0 ? "over" : "left",
                         json_str(str_format(cx->mem, cx->lang == LANG_JA ? "%" PRId64 "%.*s" : "%" PRId64 " %.*s", n,
                                             STR_ARG(page_text(cx->lang, str_format(cx->mem, "duties.unit.%s", unit).p)))));
                json_set(duty, "soon", json_boolean(left >= 0 && left < CLOCK_DAY));
        }
}

static void dress_all(struct cx *cx, json_t *model)
{
        json_t *one;
        size_t i;

        json_array_foreach(json_object_get(model, "duties"), i, one)
                dress(cx, one);
}

static msec instant(const json_t *in, const char *name)
{
        return json_integer_value(json_object_get(in, name));
}

/* GET /duties - duties.html: {duties, next, counts: {mine, overdue}, which, is: {WHICH}; next_query}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *counts, *next;
        struct duty_query q = { .limit = LIMIT };

        log_subject(cx, S("duty"), 0);
        TRY(shape_read(cx, &list_in, req, &in));
        q.which = str_absent(json_get_text(in, "which")) ? S("mine") : json_get_text(in, "which");
        q.from = instant(in, "from");
        q.to = instant(in, "to");
        q.after = json_integer_value(json_object_get(in, "after"));
        q.after_due = instant(in, "after_due");
        if (json_object_get(in, "limit") != NULL)
                q.limit = (int)json_integer_value(json_object_get(in, "limit"));
        TRY(duty_list(cx, &q, &model));
        TRY(duty_counts(cx, &counts));
        json_set(model, "counts", counts);
        if (!api(req)) {
                dress_all(cx, model);
                next = json_object_get(model, "next");
                json_set(model, "which_is", json_set(json_object(), str_z(cx->mem, q.which), json_true()));
                json_set(model, "empty_text", json_str(page_text(cx->lang, str_format(cx->mem, "duties.none.%.*s", STR_ARG(q.which)).p)));
                json_set(model, "empty_next", json_str(page_text(cx->lang, str_format(cx->mem, "duties.none_next.%.*s", STR_ARG(q.which)).p)));
                if (json_is_object(next)) {
                        struct buf query = buf_open(cx->mem, KB(1));

                        buf_format(&query, "which=%.*s&after=%" PRId64 "&after_due=", STR_ARG(q.which),
                                   (int64_t)json_integer_value(json_object_get(next, "after")));
                        buf_url(&query, json_get_text(next, "after_due"));
                        json_set(model, "next_query", json_str(buf_str(&query)));
                }
        }
        return http_reply(res, 200, "duties.html", model);
}

static void month_move(int32_t *year, int32_t *month, int by)
{
        int32_t n = *year * 12 + *month - 1 + by;

        *year = n / 12;
        *month = n % 12 + 1;
}

static msec midnight(int32_t year, int32_t month, int32_t day)
{
        return clock_from_tokyo((struct civil){ .date = { year, month, day } });
}

/* weeks: [{cells: [{n, is_out, is_today, duties: the first few, more}]}]. */
static json_t *weeks_make(struct cx *cx, int32_t year, int32_t month, json_t *duties)
{
        msec first = midnight(year, month, 1), day = first - clock_tokyo(first).weekday * CLOCK_DAY;
        struct date today = clock_tokyo(cx->now).date;
        json_t *weeks = json_array();
        size_t at = 0;

        for (int w = 0; w < 6; w++) {
                json_t *cells = json_array();

                if (w > 3 && clock_tokyo(day).date.month != month)
                        break;
                for (int d = 0; d < 7; d++, day += CLOCK_DAY) {
                        struct date date = clock_tokyo(day).date;
                        json_t *cell = json_object(), *shown = json_array();
                        int64_t more = 0;
                        msec due;

                        while (at < json_array_size(duties) && clock_read(json_get_text(json_array_get(duties, at), "due_at"), &due) &&
                               due < day + CLOCK_DAY) {
                                if (due >= day && json_array_size(shown) < SHOWN_A_DAY)
                                        json_array_append_new(shown, json_incref(json_array_get(duties, at)));
                                else if (due >= day)
                                        more++;
                                at++;
                        }
                        json_set(cell, "n", json_integer(date.day));
                        json_set(cell, "is_out", json_boolean(date.month != month));
                        json_set(cell, "is_today", json_boolean(date.year == today.year && date.month == today.month && date.day == today.day));
                        json_set(cell, "duties", shown);
                        if (more > 0)
                                json_set(cell, "more", json_integer(more));
                        json_array_append_new(cells, cell);
                }
                json_array_append_new(weeks, json_set(json_object(), "cells", cells));
        }
        return weeks;
}

/* GET /duties/calendar - duties_calendar.html: {month, title, before, after, head, weeks, cut: there are more}. */
static rc calendar(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct duty_query q = { .which = S("team"), .limit = MONTH_MAX - 1 };
        json_t *in, *model, *head = json_array();
        int32_t year = clock_tokyo(cx->now).date.year, month = clock_tokyo(cx->now).date.month, y, m;
        struct date date;
        str wanted;

        log_subject(cx, S("duty"), 0);
        TRY(shape_read(cx, &month_in, req, &in));
        wanted = json_get_text(in, "month");
        if (!str_absent(wanted) && wanted.n > 0) {
                if (!clock_read_date(str_format(cx->mem, "%.*s-01", STR_ARG(wanted)), &date) || date.year < 1948 || date.year > 2099)
                        return fail(cx, RC_INVALID, "month", "must be a month, such as 2026-11");
                year = date.year;
                month = date.month;
        }
        y = year;
        m = month;
        month_move(&y, &m, 1);
        q.from = midnight(year, month, 1) - 6 * CLOCK_DAY;
        q.to = midnight(y, m, 1) + 7 * CLOCK_DAY;
        TRY(duty_list(cx, &q, &model));
        dress_all(cx, model);
        json_set(model, "weeks", weeks_make(cx, year, month, json_object_get(model, "duties")));
        for (int n = 0; n < 7; n++)
                json_array_append_new(head, json_set(json_object(), "title",
                                                     json_str(page_text(cx->lang, str_format(cx->mem, "calendar.weekday.d%d", n == 0 ? 7 : n).p))));
        json_set(model, "head", head);
        json_set(model, "month", json_str(str_format(cx->mem, "%04d-%02d", (int)year, (int)month)));
        wanted = page_text(cx->lang, str_format(cx->mem, "calendar.month.m%02d", (int)month).p);
        json_set(model, "month_title",
                 json_str(cx->lang == LANG_JA ? str_format(cx->mem, "%d年%.*s", (int)year, STR_ARG(wanted))
                                              : str_format(cx->mem, "%.*s %d", STR_ARG(wanted), (int)year)));
        json_set(model, "after", json_str(str_format(cx->mem, "%04d-%02d", (int)y, (int)m)));
        y = year;
        m = month;
        month_move(&y, &m, -1);
        json_set(model, "before", json_str(str_format(cx->mem, "%04d-%02d", (int)y, (int)m)));
        return http_reply(res, 200, "duties_calendar.html", model);
}

/* "assignee, group:経営" for people. */
static str targets(struct cx *cx, str to)
{
        struct buf b = buf_open(cx->mem, KB(4));

        while (!str_empty(to)) {
                str one = str_trim(str_cut(to, ',', &to)), rest, kind = str_cut(one, ':', &rest);

                if (b.n > 0)
                        buf_add(&b, cx->lang == LANG_JA ? S("、") : S(", "));
                buf_add(&b, page_text(cx->lang, str_format(cx->mem, "duties.to.%.*s", STR_ARG(kind)).p));
                if (!str_absent(rest)) {
                        buf_text(&b, ": ");
                        buf_add(&b, rest);
                }
        }
        return buf_str(&b);
}

/* GET /duties/{id} - duty.html: as duty.h says. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model, *one;
        int64_t id;
        size_t i;

        TRY(id_read(cx, req, &id));
        TRY(duty_get(cx, id, &model));
        if (str_is(json_get_text(json_object_get(model, "duty"), "kind"), "round"))
                TRY(round_door_duty(cx, id, !api(req), model));
        if (!api(req)) {
                dress(cx, json_object_get(model, "duty"));
                json_array_foreach(json_object_get(model, "steps"), i, one) {
                        json_set(one, "to_text", json_str(targets(cx, json_get_text(one, "to"))));
                        json_set(one, "notice_text",
                                 json_str(page_text(cx->lang, str_format(cx->mem, "duties.notice.%.*s", STR_ARG(json_get_text(one, "notice"))).p)));
                }
                json_array_foreach(json_object_get(model, "pauses"), i, one)
                        json_set(
                            one, "pause_text",
                            json_str(page_text(cx->lang, str_format(cx->mem, "duties.pause_state.%.*s", STR_ARG(json_get_text(one, "state"))).p)));
        }
        return http_reply(res, 200, "duty.html", model);
}

static rc done(struct cx *cx, struct http_res *res, int64_t id, const char *key)
{
        return http_created(res, 204, str_format(cx->mem, "/duties/%" PRId64 "?done=%s", id, key), NULL);
}

/* POST /duties/{id}/assign - 303 to it. */
static rc assign(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        int64_t id;
        str login;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &assign_in, req, &in));
        login = json_is_true(json_object_get(in, "me")) ? cx->actor.name : json_get_text(in, "login");
        TRY(duty_assign(cx, id, login));
        log_detail(cx, "assignee", json_str(str_absent(login) ? S("") : login));
        return done(cx, res, id, "duty_assigned");
}

/* POST /duties/{id}/pause - an exception is asked for; 303 to it. */
static rc pause_ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &pause_in, req, &in));
        TRY(duty_pause(cx, id, json_get_text(in, "reason"), instant(in, "until")));
        log_detail(cx, "reason", json_object_get(in, "reason"));
        log_detail(cx, "until", json_str(clock_rfc3339(cx->mem, instant(in, "until"))));
        return done(cx, res, id, "duty_asked");
}

/* POST /duties/{id}/pause/decide - by a second person; 303 to it. */
static rc pause_decide(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(shape_read(cx, &decide_in, req, &in));
        TRY(duty_decide(cx, id, str_is(json_get_text(in, "decision"), "approve")));
        log_detail(cx, "decision", json_object_get(in, "decision"));
        return done(cx, res, id, "duty_decided");
}

/* GET /me/feed - duties_feed.html: {feed}. */
static rc feed(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *one, *model = json_object();

        log_subject(cx, S("feed"), 0);
        TRY(duty_feed_mine(cx, &one));
        json_set(model, "feed", one);
        return http_reply(res, 200, "duties_feed.html", model);
}

/* POST /me/feed - duties_feed.html: {feed, address}: a new one; the one before is gone. */
static rc feed_make(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *one, *model = json_object();
        str key, host = http_header(req, "Host");

        log_subject(cx, S("feed"), 0);
        TRY(duty_feed_make(cx, &key));
        TRY(duty_feed_mine(cx, &one));
        json_set(model, "feed", one);
        json_set(model, "address",
                 json_str(str_format(cx->mem, "%s%.*s/duties.ics?key=%.*s", str_absent(host) ? "" : "https://", STR_ARG(host), STR_ARG(key))));
        return http_reply(res, 200, "duties_feed.html", model);
}

/* POST /me/feed/revoke - 303 back. */
static rc feed_revoke(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        log_subject(cx, S("feed"), 0);
        TRY(duty_feed_revoke(cx));
        return http_created(res, 204, S("/me/feed?done=feed_revoked"), NULL);
}

/* GET /duties.ics - text/calendar. The entry stands in the log of the contract whose key it is, by the account that made it. */
static rc ics(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        str host = http_header(req, "Host"), body;
        struct duty_feed owner;
        json_t *in;

        log_subject(cx, S("feed"), 0);
        TRY(shape_read(cx, &key_in, req, &in));
        for (size_t i = 0; i < host.n; i++)
                if ((unsigned char)host.p[i] <= ' ' || host.p[i] == ';' || host.p[i] == '"' || host.n > 300)
                        return fail(cx, RC_MALFORMED, "Host", "is not the name of a host");
        TRY(duty_feed_read(cx, json_get_text(in, "key"), &owner));
        cx->actor.kind = ACTOR_ACCOUNT;
        cx->actor.id = owner.account;
        cx->actor.name = owner.login;
        cx->masked = true;
        TRY(enter_by_name(cx, owner.tenant, false));
        TRY(duty_feed_write(cx, &owner, str_format(cx->mem, "https://%.*s", STR_ARG(host)), &body));
        res->body = body;
        res->status = 200;
        res->type = S("text/calendar; charset=utf-8");
        return RC_OK;
}

/* clang-format off */
const struct route duty_door_routes[] = {
        /*     method path                          permission   logged as    body   rate    handler */
        ROUTE( GET,   "/duties",                    PERM_NONE,   LOG_LIST,    0,     NORMAL, list,         "List duties: what is due by rule", .in = &list_in, .out = &list_out ),
        ROUTE( GET,   "/duties/calendar",           PERM_NONE,   LOG_LIST,    0,     NORMAL, calendar,     "A month of duties", .in = &month_in, .face = FACE_CONSOLE ),
        ROUTE( GET,   "/duties/{id}",               PERM_NONE,   LOG_VIEW,    0,     NORMAL, show,         "Read a duty", .out = &one_out ),
        ROUTE( POST,  "/duties/{id}/assign",        PERM_NONE,   LOG_UPDATE,  KB(4), NORMAL, assign,       "Give a duty to somebody", .in = &assign_in ),
        ROUTE( POST,  "/duties/{id}/pause",         PERM_NONE,   LOG_UPDATE,  KB(8), NORMAL, pause_ask,    "Ask for an exception: a deadline that rests", .in = &pause_in ),
        ROUTE( POST,  "/duties/{id}/pause/decide",  PERM_NONE,   LOG_APPROVE, KB(4), NORMAL, pause_decide, "Decide about an exception of somebody else",
               .in = &decide_in, .fresh = true ),
        ROUTE( GET,   "/me/feed",                   PERM_NONE,   LOG_VIEW,    0,     NORMAL, feed,         "Read about the calendar feed of one's duties", .out = &feed_out ),
        ROUTE( POST,  "/me/feed",                   PERM_NONE,   LOG_CREATE,  KB(4), NORMAL, feed_make,    "Make a new address for the calendar feed", .out = &feed_out, .fresh = true ),
        ROUTE( POST,  "/me/feed/revoke",            PERM_NONE,   LOG_REVOKE,  KB(4), NORMAL, feed_revoke,  "Revoke the address of the calendar feed" ),
        ROUTE( GET,   "/duties.ics",                PERM_PUBLIC, LOG_DOWNLOAD, 0,    LOGIN,  ics,          "One's duties as a calendar (RFC 5545), by the key of a feed",
               .in = &key_in, .face = FACE_CONSOLE ),
        ROUTE_END
};
/* clang-format on */
