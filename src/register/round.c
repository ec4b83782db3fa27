/* round.c - see round.h. */
#include "base/house.h"

#include "register/round.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/text.h"
#include "identity/permission.h"
#include "register/record_model.h"
#include "register/round.sql.h"
#include "register/round_plan.h"
#include "register/round_rule.h"

/* What the database said, as a refusal. */
static const struct {
        const char *said;
        rc code;
        const char *item;
        const char *text;
} answers[] = {
        { "unknown", RC_UNKNOWN, NULL, "there is no such duty" },
        { "forbidden", RC_FORBIDDEN, NULL, "saying that this is done needs the right to write records of its register" },
        { "person", RC_FORBIDDEN, NULL, "this needs a person, and nobody knows whose key this is" },
        { "over", RC_CONFLICT, NULL, "this period is over: it was done, missed, or does not apply any more" },
        { "early", RC_CONFLICT, NULL, "this period has not begun" },
        { "result", RC_INVALID, "result", "must be one of the results that the definition names" },
        { "note", RC_INVALID, "note", "must not be empty" },
};

static json_t *instant(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

rc round_list(struct cx *cx, const struct definition *def, json_t **ret)
{
        struct round_row *row;
        json_t *list, *one;
        size_t count, i;

        TRY(sql_round_list(cx, def->id, &row, &count));
        list = round_plan_model(cx, def);
        json_array_foreach(list, i, one)
                for (size_t k = 0; k < count; k++)
                        if (str_equal(json_get_text(one, "name"), row[k].name)) {
                                json_set(one, "members", json_integer(row[k].members));
                                json_set(one, "open", json_integer(row[k].open));
                                json_set(one, "overdue", json_integer(row[k].overdue));
                                json_set(one, "next_at", instant(cx, row[k].next_at, row[k].next_at_null));
                        }
        *ret = list;
        return RC_OK;
}

static json_t *cell_model(struct cx *cx, const struct round_cell *c)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(c->id));
        json_set(m, "title", json_str(cx->lang == LANG_EN ? c->title_en : c->title_ja));
        json_set(m, "started_at", instant(cx, c->started_at, false));
        json_set(m, "due_at", instant(cx, c->due_at, false));
        json_set(m, "state", json_str(c->state));
        json_set(m, "open", json_boolean(c->open));
        json_set(m, "ended_at", instant(cx, c->ended_at, c->ended_at_null));
        json_set(m, "done_by", json_str(c->done_by));
        json_set(m, "result", json_str(c->result));
        json_set(m, "note", json_str(c->note));
        json_set(m, "assignee_name", json_str(c->assignee_name));
        json_set(m, "group", json_str(c->group_name));
        return m;
}

static json_t *period_model(struct cx *cx, const struct round_period *p)
{
        json_t *m = json_object();

        json_set(m, "at", instant(cx, p->at, false));
        json_set(m, "met", json_integer(p->met));
        json_set(m, "late", json_integer(p->late));
        json_set(m, "missed", json_integer(p->missed));
        json_set(m, "running", json_integer(p->running));
        json_set(m, "void", json_integer(p->dropped));
        return m;
}

/* Rows of these records, each with its periods. */
static rc rows_make(struct cx *cx, const struct definition *def, str name, const struct round_record *record, size_t count, json_t *rows)
{
        int64_t *ids = NEW_ARRAY(cx->mem, int64_t, count + 1);
        struct buf numbers = buf_open(cx->mem, KB(4));
        struct round_cell *cell;
        json_t *headings;
        size_t cells, n = 0;

        for (size_t i = 0; i < count; i++) {
                buf_format(&numbers, i > 0 ? " %" PRId64 : "%" PRId64, record[i].record);
                if (record[i].record != 0)
                        ids[n++] = record[i].record;
        }
        TRY(record_model_headings(cx, def->name, ids, n, &headings));
        TRY(sql_round_cells(cx, def->id, name, buf_str(&numbers), ROUND_PERIODS, &cell, &cells));
        for (size_t i = 0; i < count; i++) {
                json_t *row = json_object(), *list = json_array();
                bool of_register = record[i].record == 0;

                for (size_t k = 0; k < cells; k++)
                        if (cell[k].record == record[i].record)
                                json_array_append_new(list, cell_model(cx, &cell[k]));
                json_set(row, "record", of_register ? json_null() : json_integer(record[i].record));
                json_set(row, "heading", of_register ? json_str(def->title[cx->lang]) : json_object_get(headings, db_int(cx, record[i].record).p));
                json_set(row, "member", json_boolean(record[i].member));
                json_set(row, "next_at", instant(cx, record[i].next_at, record[i].next_at_null));
                json_set(row, "periods", list);
                json_array_append_new(rows, row);
        }
        return RC_OK;
}

rc round_get(struct cx *cx, const struct definition *def, str name, int64_t after, json_t **ret)
{
        json_t *model = json_object(), *rounds, *periods = json_array(), *rows = json_array();
        const struct round_rule *round = NULL;
        struct round_period *period;
        struct round_record *record;
        size_t count;

        TRY(round_list(cx, def, &rounds));
        json_set(model, "rounds", rounds);
        for (size_t i = 0; i < def->round_count && round == NULL; i++)
                if (str_absent(name) || str_empty(name) || str_equal(def->rounds[i].name, name))
                        round = &def->rounds[i];
        if (round == NULL && def->round_count > 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such round");
        json_set(model, "round", round ? json_str(round->name) : json_null());
        *ret = model;
        if (round == NULL)
                return RC_OK;
        TRY(sql_round_periods(cx, def->id, round->name, ROUND_PERIODS, &period, &count));
        for (size_t i = 0; i < count; i++)
                json_array_append_new(periods, period_model(cx, &period[i]));
        TRY(sql_round_records(cx, def->id, round->name, after > 0 ? after : -1, ROUND_ROWS + 1, &record, &count));
        TRY(rows_make(cx, def, round->name, record, count > ROUND_ROWS ? ROUND_ROWS : count, rows));
        json_set(model, "dates", json_boolean(json_is_object(json_object_get(round->rule, "every"))));
        json_set(model, "periods", periods);
        json_set(model, "rows", rows);
        json_set(model, "next", count > ROUND_ROWS ? json_integer(record[ROUND_ROWS - 1].record) : json_null());
        return RC_OK;
}

rc round_of_record(struct cx *cx, const struct definition *def, int64_t record, json_t **ret)
{
        json_t *list = json_array();

        for (size_t i = 0; i < def->round_count; i++) {
                struct round_cell *cell;
                json_t *one, *periods = json_array();
                size_t count;

                if (def->rounds[i].once)
                        continue;
                TRY(sql_round_cells(cx, def->id, def->rounds[i].name, db_int(cx, record), ROUND_SHOWN, &cell, &count));
                for (size_t k = 0; k < count; k++)
                        json_array_append_new(periods, cell_model(cx, &cell[k]));
                if (count == 0)
                        continue;
                one = round_plan_one(cx, def, def->rounds[i].name);
                json_set(one, "periods", periods);
                json_array_append_new(list, one);
        }
        *ret = list;
        return RC_OK;
}

rc round_of_duty(struct cx *cx, int64_t duty, json_t **ret)
{
        struct round_about *row;
        json_t *rule, *m = json_object();

        TRY(sql_round_of(cx, duty, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such duty");
        TRY(json_read(cx, row->rule, &rule));
        json_set(m, "register", json_str(row->register_));
        json_set(m, "name", json_str(row->name));
        json_set(m, "record", row->record_null ? json_null() : json_integer(row->record));
        json_set(m, "results", json_object_get(rule, "results"));
        json_set(m, "note", json_boolean(json_is_true(json_object_get(rule, "note"))));
        json_set(m, "result", json_str(row->result));
        json_set(m, "said", json_str(row->note));
        json_set(m, "done_by", json_str(row->done_by));
        json_set(m, "done_at", instant(cx, row->done_at, row->done_at_null));
        json_set(m, "can", json_boolean(!row->over && permission_held_for(cx, PERM_RECORD_WRITE, row->register_)));
        *ret = m;
        return RC_OK;
}

rc round_finish(struct cx *cx, int64_t duty, str result, str note)
{
        str said;

        result = str_absent(result) || str_empty(str_trim(result)) ? STR_NONE : str_trim(result);
        note = str_absent(note) || str_empty(str_trim(note)) ? STR_NONE : str_trim(note);
        if (!str_absent(note))
                TRY(text_check(cx, note, "note", ROUND_RULE_NOTE_MAX, true));
        TRY(sql_round_finish(cx, duty, result, note, &said));
        for (size_t i = 0; i < COUNT(answers); i++)
                if (str_is(said, answers[i].said))
                        return fail(cx, answers[i].code, answers[i].item, answers[i].text, 0);
        must(str_is(said, "done"));
        return RC_OK;
}
