/* round_door.c - see round_door.h. A grid of periods: how each went stands as a sign and a word, never as a colour alone. */
#include "base/house.h"

#include "console/round_door.h"

#include "base/clock.h"
#include "base/fail.h"
#include "log/log.h"
#include "page/page.h"
#include "register/duty.h"
#include "register/record.h"
#include "register/round.h"
#include "register/round_rule.h"

enum { BAR_WIDTH = 100 };

static const struct {
        const char *state, *chip, *sign;
} states[] = { { "met", "good", "✓" }, { "late", "warn", "△" }, { "missed", "bad", "✗" }, { "running", "now", "○" }, { "void", "", "–" } };

static const struct field look_query[] = {
        { .name = "round", .type = SHAPE_TEXT, .max = DEFINITION_ITEM_NAME_MAX, .summary = "Name of a round; without: the first" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "done", .type = SHAPE_TEXT, .max = 100, .summary = "Console" },
        { NULL },
};
static const struct shape look_in = { "RoundQuery", look_query };
static const struct field look_fields[] = {
        { .name = "rounds",
          .type = SHAPE_JSON,
          .required = true,
          .summary = "All of the register: name, title, once (of the register), when, whom, within, whose, results, note (it needs one), steps; "
                     "members, open, overdue "
                     "(counted up to 10000), next_at" },
        { .name = "round", .type = SHAPE_TEXT, .summary = "Name of the one told more about; null: there is none" },
        { .name = "dates", .type = SHAPE_BOOL, .summary = "Its periods are days of the calendar, the same for all" },
        { .name = "periods", .type = SHAPE_JSON, .summary = "The latest: at, and how many are met, late, missed, running and void; newest first" },
        { .name = "rows",
          .type = SHAPE_JSON,
          .summary = "Who takes part: record (null: the register), heading, member, next_at, periods: id (of the duty), title, started_at, due_at, "
                     "state, open, ended_at, "
                     "done_by, result, note, assignee_name, group" },
        { .name = "next", .type = SHAPE_INT, .summary = "For `after` of the next page; null: it is all" },
        { NULL },
};
static const struct shape look_out = { "Rounds", look_fields };
static const struct field record_fields[] = {
        { .name = "rounds",
          .type = SHAPE_JSON,
          .required = true,
          .summary = "Rounds this record takes or took part in, each with its latest periods" },
        { NULL },
};
static const struct shape record_out = { "RecordRounds", record_fields };
static const struct field done_fields[] = {
        { .name = "result",
          .type = SHAPE_TEXT,
          .max = DEFINITION_TITLE_MAX,
          .summary = "What came of it: one of the round's results, when it has any" },
        { .name = "note",
          .type = SHAPE_TEXT,
          .max = ROUND_RULE_NOTE_MAX,
          .lines = true,
          .summary = "What was done; whoever reads the register reads it" },
        { NULL },
};
static const struct shape done_in = { "RoundDone", done_fields };

static bool api(const struct http_req *req)
{
        return str_starts(req->path, S("/api/v1/"));
}

/* How it looks ------------------------------------------------------------------------------------------------------------------------- */

/* "11/25" in the short form of a moment, with the year when it is asked for. */
static str day(struct cx *cx, const json_t *object, const char *member)
{
        msec at;

        return clock_read(json_get_text(object, member), &at) ? (str){ clock_short(cx->mem, at).p, strlen("2026/11/22") } : S("");
}

static void cell_dress(struct cx *cx, json_t *cell)
{
        str state = json_get_text(cell, "state");

        for (size_t i = 0; i < COUNT(states); i++)
                if (str_is(state, states[i].state)) {
                        json_set(cell, "chip", json_string(states[i].chip));
                        json_set(cell, "sign", json_string(states[i].sign));
                }
        json_set(cell, "state_text", json_str(page_text(cx->lang, str_format(cx->mem, "rounds.state.%.*s", STR_ARG(state)).p)));
        json_set(cell, "day", json_str(day(cx, cell, "started_at")));
        json_set(cell, "done", json_boolean(str_is(state, "met") || str_is(state, "late")));
        json_set(cell, "is_cell", json_true());
}

/* Newest first, each in the column of its day; of an interval one behind the other. */
static json_t *cells_align(const json_t *row, const json_t *periods, bool dates)
{
        json_t *list = json_object_get(row, "periods"), *cells = json_array(), *cell;
        size_t columns = dates ? json_array_size(periods) : ROUND_PERIODS, k;

        for (size_t i = 0; i < columns; i++) {
                json_t *found = dates ? NULL : json_array_get(list, i);
                str at = json_get_text(json_array_get(periods, i), "at");

                json_array_foreach(list, k, cell)
                        if (dates && str_equal(json_get_text(cell, "started_at"), at))
                                found = cell;
                if (found == NULL && !dates)
                        continue;
                json_array_append_new(cells, found ? json_incref(found) : json_object());
        }
        return cells;
}

/* A bar of a period: pieces {class, x, width} of BAR_WIDTH. */
static void bar_make(struct cx *cx, json_t *period)
{
        json_t *bar = json_array();
        json_int_t all = 0, before = 0;

        for (size_t i = 0; i < COUNT(states); i++)
                all += json_integer_value(json_object_get(period, states[i].state));
        for (size_t i = 0; i < COUNT(states); i++) {
                json_int_t n = json_integer_value(json_object_get(period, states[i].state));
                json_t *piece = json_object();

                if (n == 0)
                        continue;
                json_set(piece, "class", json_string(states[i].state));
                json_set(piece, "x", json_integer(before * BAR_WIDTH / all));
                json_set(piece, "width", json_integer((before + n) * BAR_WIDTH / all - before * BAR_WIDTH / all));
                json_set(piece, "count", json_integer(n));
                json_set(piece, "chip", json_string(states[i].chip));
                json_set(piece, "state_text", json_str(page_text(cx->lang, str_format(cx->mem, "rounds.state.%s", states[i].state).p)));
                json_array_append_new(bar, piece);
                before += n;
        }
        json_set(period, "bar", bar);
        json_set(period, "day", json_str(day(cx, period, "at")));
}

static json_t *legend(struct cx *cx)
{
        json_t *list = json_array();

        for (size_t i = 0; i < COUNT(states); i++) {
                json_t *m = json_set(json_object(), "sign", json_string(states[i].sign));

                json_set(m, "chip", json_string(states[i].chip));
                json_set(m, "text", json_str(page_text(cx->lang, str_format(cx->mem, "rounds.state.%s", states[i].state).p)));
                json_array_append_new(list, m);
        }
        return list;
}

static void page_dress(struct cx *cx, json_t *model)
{
        json_t *periods = json_object_get(model, "periods"), *rows = json_object_get(model, "rows"), *columns = json_array(), *one, *cell;
        bool dates = json_is_true(json_object_get(model, "dates"));
        size_t i, k;

        json_array_foreach(json_object_get(model, "rounds"), i, one) {
                bool now = str_equal(json_get_text(one, "name"), json_get_text(model, "round"));

                json_set(one, "now", json_boolean(now));
                json_set(one, "next_day", json_str(day(cx, one, "next_at")));
                if (now)
                        json_set(model, "chosen", json_incref(one));
        }
        json_array_foreach(periods, i, one)
                bar_make(cx, one);
        for (i = 0; dates && i < json_array_size(periods); i++)
                json_array_append_new(columns, json_set(json_object(), "day", json_object_get(json_array_get(periods, i), "day")));
        json_array_foreach(rows, i, one) {
                json_array_foreach(json_object_get(one, "periods"), k, cell)
                        cell_dress(cx, cell);
                json_set(one, "cells", cells_align(one, periods, dates));
                json_set(one, "of_record", json_boolean(json_is_integer(json_object_get(one, "record"))));
                json_set(one, "next_day", json_str(day(cx, one, "next_at")));
        }
        json_set(model, "columns", columns);
        json_set(model, "legend", legend(cx));
        json_set(model, "has_periods", json_boolean(json_array_size(periods) > 0));
        json_set(model, "has_rows", json_boolean(json_array_size(rows) > 0));
}

rc round_door_record(struct cx *cx, const struct definition *def, int64_t record, json_t *model)
{
        json_t *rounds, *one, *cell;
        size_t i, k;

        if (def->round_count == 0)
                return RC_OK;
        TRY(round_of_record(cx, def, record, &rounds));
        json_array_foreach(rounds, i, one)
                json_array_foreach(json_object_get(one, "periods"), k, cell)
                        cell_dress(cx, cell);
        if (json_array_size(rounds) > 0)
                json_set(model, "rounds", json_set(json_object(), "list", rounds));
        return RC_OK;
}

rc round_door_register(struct cx *cx, const struct definition *def, json_t *model)
{
        json_t *list, *one;
        size_t i;

        if (def->round_count == 0)
                return RC_OK;
        TRY(round_list(cx, def, &list));
        json_array_foreach(list, i, one)
                json_set(one, "next_day", json_str(day(cx, one, "next_at")));
        json_set(model, "rounds", list);
        json_set(model, "has_rounds", json_true());
        return RC_OK;
}

rc round_door_duty(struct cx *cx, int64_t duty, bool page, json_t *model)
{
        json_t *round, *results = json_array(), *one;
        size_t i;

        TRY(round_of_duty(cx, duty, &round));
        json_array_foreach(json_object_get(round, "results"), i, one)
                json_array_append_new(results, json_set(json_object(), "value", json_incref(one)));
        if (page) {
                json_set(round, "results", results);
                json_set(round, "has_results", json_boolean(json_array_size(results) > 0));
        }
        json_set(model, "round", round);
        return RC_OK;
}

/* Handlers ----------------------------------------------------------------------------------------------------------------------------- */

/* GET /registers/{register}/rounds - as round_get() says; round.html: also register, chosen: the round, columns, legend, has_periods, has_rows; rows with
 * cells. */
static rc look(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        json_t *in, *model;

        log_subject(cx, http_arg(req, "register"), 0);
        TRY(shape_read(cx, &look_in, req, &in));
        TRY(definition_get(cx, http_arg(req, "register"), &def));
        log_subject(cx, S("register"), def->id);
        if (json_object_get(in, "round") != NULL)
                log_detail(cx, "round", json_object_get(in, "round"));
        TRY(round_get(cx, def, json_get_text(in, "round"), json_integer_value(json_object_get(in, "after")), &model));
        if (!api(req)) {
                json_set(model, "register", definition_model(cx, def));
                page_dress(cx, model);
        }
        return http_reply(res, 200, "round.html", model);
}

/* GET /registers/{register}/records/{id}/rounds - {rounds}: those it takes or took part in. */
static rc of_record(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        const struct definition *def;
        struct record *rec;
        json_t *list;
        int64_t id;

        log_subject(cx, http_arg(req, "register"), 0);
        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
        log_subject(cx, http_arg(req, "register"), id);
        TRY(record_get(cx, http_arg(req, "register"), id, &def, &rec));
        TRY(round_of_record(cx, def, id, &list));
        return http_reply(res, 200, NULL, json_set(json_object(), "rounds", list));
}

/* POST /duties/{id}/done - a period of a round is done, now, by who asks; 303 to it. */
static rc done(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *duty, *of;
        int64_t id;

        if (!str_int(http_arg(req, "id"), &id) || id <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such duty");
        log_subject(cx, S("duty"), id);
        TRY(shape_read(cx, &done_in, req, &in));
        TRY(duty_get(cx, id, &duty));
        of = json_object_get(duty, "duty");
        if (!str_is(json_get_text(of, "kind"), "round"))
                return fail(cx, RC_CONFLICT, NULL, "only work that comes again is done here; this one ends by itself");
        TRY(round_finish(cx, id, json_get_text(in, "result"), json_get_text(in, "note")));
        log_detail(cx, "register", json_object_get(of, "register"));
        log_detail(cx, "record", json_object_get(of, "record"));
        if (json_object_get(in, "result") != NULL)
                log_detail(cx, "result", json_object_get(in, "result"));
        return http_created(res, 204, str_format(cx->mem, "/duties/%" PRId64 "?done=round_done", id), NULL);
}

/* clang-format off */
const struct route round_door_routes[] = {
        /*     method path                                           permission        logged as   body    rate    handler */
        ROUTE( GET,   "/registers/{register}/rounds",                PERM_RECORD_READ, LOG_VIEW,   0,      NORMAL, look,      "Rounds of a register: work that comes again, who takes part, how it went",
               .in = &look_in, .out = &look_out ),
        ROUTE( GET,   "/registers/{register}/records/{id}/rounds",   PERM_RECORD_READ, LOG_VIEW,   0,      NORMAL, of_record, "Rounds of one record",
               .out = &record_out, .face = FACE_API ),
        ROUTE( POST,  "/duties/{id}/done",                           PERM_NONE,        LOG_UPDATE, KB(16), NORMAL, done,      "Say that a period of a round is done, now", .in = &done_in ),
        ROUTE_END
};
/* clang-format on */
