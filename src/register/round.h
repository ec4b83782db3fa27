/* round.h - rounds of a register at work: which there are, how their periods went, and saying that one is done. Who takes part, when periods begin and what
 * was missed is the database's (schema/0048_round.sql). */
#ifndef DAICHO_REGISTER_ROUND_H
#define DAICHO_REGISTER_ROUND_H

#include "base/json.h"
#include "register/definition.h"

enum { ROUND_PERIODS = 12, ROUND_ROWS = 25, ROUND_SHOWN = 6 };

/* [{as round_plan_model(), members, open, overdue (counted up to 10 000), next_at}]. */
rc round_list(struct cx *cx, const struct definition *def, json_t **ret) MUST_USE;
/* {rounds: as round_list(), round: name of the one that is meant | null: the register has none; and of it: dates: periods are days of the calendar, periods: [{at, met, late, missed,
 * running, void}] the newest ROUND_PERIODS, newest first, rows: [{record | null: the register, heading, member: it takes part, next_at, periods: [period] newest
 * first}] of ROUND_ROWS, next: number | null}. period: {id of the duty, title, started_at, due_at, state, open, ended_at, done_by, result, note, assignee_name,
 * group}. name absent: the first. after: `next` of the page before, or 0. RC_UNKNOWN. */
rc round_get(struct cx *cx, const struct definition *def, str name, int64_t after, json_t **ret) MUST_USE;
/* [{name, title, when, periods}] of one record, the newest ROUND_SHOWN; those it never took part in are left out. */
rc round_of_record(struct cx *cx, const struct definition *def, int64_t record, json_t **ret) MUST_USE;
/* Of a duty of the kind round: {register, name, record, results, note: it needs one, result, said: the note, done_by, done_at, can}. */
rc round_of_duty(struct cx *cx, int64_t duty, json_t **ret) MUST_USE;
/* It is done, now, by who asks. result and note may be absent. Never two in one transaction. */
rc round_finish(struct cx *cx, int64_t duty, str result, str note) MUST_USE;

#endif
