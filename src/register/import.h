/* import.h - a CSV file into a register, as a job: read, recognise the encoding, match the headings, check every cell, compare, write.
 *
 * One transaction: a job that is killed leaves nothing, and its next attempt gives the same result. What a file means:
 * - the first line holds headings: names, titles (ja, en) or aliases of items; unknown columns are ignored and named in the result;
 * - rows whose key stands in the register change that record, others make a new one; items without a column stay as they are;
 * - an empty cell empties the item (option blank = "keep": leaves it as it is);
 * - a row that cannot be taken is refused with every reason and given back in a file of the same encoding; the others are taken, unless none is wanted
 *   then (refused = "stop"). With `check` nothing is written at all: the numbers tell what an import would do now. */
#ifndef DAICHO_REGISTER_IMPORT_H
#define DAICHO_REGISTER_IMPORT_H

#include "jobs/jobs.h"
#include "register/definition.h"

/* Takes the file at `path` into the file store (it is moved) and adds the job. name: what its owner calls it.
 * options: encoding ("auto" "utf-8" "cp932" "utf-16le" "utf-16be"), separator ("auto" "comma" "tab"), blank ("clear" "keep"); NULL: the defaults. RC_FORBIDDEN for masked accounts. */
struct import_order {
        str register_name;
        const char *path;
        str name;
        str encoding;
        str separator;
        str blank;
        str refused; /* "skip" (also when absent): other rows are taken; "stop": when one cannot be taken, none is */
        str mapping; /* mapping.h: "auto", the number of one, "none" (also when absent). What the order does not say - blank, refused; of one chosen by its
                        number also encoding and separator - the mapping says */
        bool check;  /* only tell what would happen */
        bool review; /* stop when everything is compared (state "ready"): import_diff.h shows it, import_apply() goes on */
};
rc import_start(struct cx *cx, const struct import_order *order, int64_t *ret_job) MUST_USE;

/* What was looked at is written, for who started the import; one batch, the same job. When anything is no longer as it was compared - a record changed, the
 * register's definition, or the rows are gone - nothing is written and it stops again, result.again true. RC_CONFLICT: it does not wait, or refused rows
 * stop it; RC_FORBIDDEN; RC_UNKNOWN. */
rc import_apply(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id) MUST_USE;
/* The model of a job that is an import of this register. RC_UNKNOWN. */
rc import_job(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, json_t **ret) MUST_USE;

/* The job kind "import". Of the result also mapping {id, name, lost, renamed} (or null) and headings [[heading, item or null]]. Ready: staged true, would_create, would_change, would_leave in place of created, changed, unchanged. Result: {checked (nothing was written on purpose), stopped (nothing was written because of refused rows), read, created, changed, unchanged, refused, blank, encoding, encoding_reason, separator (comma, tab), file, columns:[…], ignored:[…],
 * by_reason:[first 20 refused rows], counts:[…]}; result file: the refused rows. */
rc import_run(struct cx *cx, struct job *job) MUST_USE;

#endif
