/* bulk_undo.h - a batch taken back: deleted records come back under their numbers, with their values and with who made them when; changed ones get their
 * old values again. A record that somebody has touched since stays as it is and is told. History keeps both ways. Everything stands in tenant.change
 * already, by the number of the job; nothing is stored twice. */
#ifndef DAICHO_REGISTER_BULK_UNDO_H
#define DAICHO_REGISTER_BULK_UNDO_H

#include "jobs/jobs.h"
#include "register/definition.h"

enum { BULK_UNDO_DAYS = 30, BULK_UNDO_SHOWN = 50, BULK_UNDO_LIMIT = 50 };

/* {batches: [batch], next}. batch: {id, action, is_delete, count, sentence, q, set, actor, finished_at, until, open, undo: number of the job | null}.
 * A masked account sees those of masked ones. */
rc bulk_undo_list(struct cx *cx, str register_name, int64_t before, json_t **ret) MUST_USE;
/* {register: definition, batch, may_undo, back: how many come back, left: how many stay as they are, left_first: [{register, title, record, heading,
 * reason: there | taken | reference | gone | changed}], at most BULK_UNDO_SHOWN}. The numbers only while it can be taken back. RC_UNKNOWN. */
rc bulk_undo_get(struct cx *cx, str register_name, int64_t batch, json_t **ret) MUST_USE;
/* Adds the job. RC_FORBIDDEN for masked accounts and without the right to write in every register the batch touched; RC_CONFLICT when the time is over or
 * it was taken back already. */
rc bulk_undo_start(struct cx *cx, str register_name, int64_t batch, int64_t *ret_job) MUST_USE;

/* The job kind "bulk_undo". Result: {batch, restored, left}; result file: those left as they are. */
rc bulk_undo_run(struct cx *cx, struct job *job) MUST_USE;

/* For whoever takes back another kind of batch: the table pg_temp.bulk_back for what stays as it is (change: any number from 1 on, in the order wanted), and the
 * job's result file made of it. */
rc bulk_undo_aside(struct cx *cx) MUST_USE;
rc bulk_undo_left(struct cx *cx, struct job *job, int64_t batch, const struct definition *def) MUST_USE;

#endif
