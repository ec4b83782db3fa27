/* export.h - records of a register as a file, as a job: streamed from COPY into the file, whatever the number. The formats are export_file.h's.
 *
 * What is written as CSV or xlsx reads back: an import of the file into the same register changes nothing.
 * - headings are the titles in the reader's language; choices, yes/no and dates as people read them; references as the key of their record;
 * - a cell whose text would be run as a formula by a spreadsheet (it begins with = + - @ or a tab, CR) gets an apostrophe in front in CSV, as people do
 *   by hand; import takes one apostrophe off before these characters;
 * - what CP932 does not have is written as 〓, or asked about before: then the job waits (state ready) until export_decide();
 * - a masked account gets no personal items. */
#ifndef DAICHO_REGISTER_EXPORT_H
#define DAICHO_REGISTER_EXPORT_H

#include "jobs/jobs.h"
#include "register/definition.h"

struct export_order {
        str register_name;
        str condition; /* JSON text; absent: all records */
        str q;         /* words of the search box, all of which must be found; absent */
        str *items;
        size_t item_count; /* names in the order wanted; 0: all the account may see */
        str format;        /* "csv" (also when absent), "xlsx", "jsonl" */
        str encoding;      /* of CSV: "utf-8" (also when absent) or "cp932" */
        bool ask;          /* about what CP932 does not have */
        bool own;          /* to a device of one's own: contact details and what is public, nothing else */
        json_t *device;    /* for the log: to which device; NULL: not known */
};
/* Checks the order and adds the job. RC_INVALID, RC_UNKNOWN, RC_FORBIDDEN (an item that is hidden from the account). */
rc export_start(struct cx *cx, const struct export_order *order, int64_t *ret_job) MUST_USE;

/* Is it an export of this register that the caller may see? RC_UNKNOWN. */
rc export_job(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id) MUST_USE;
/* A job that waits for the answer to its question goes on: encoding "cp932" (with 〓) or "utf-8". RC_CONFLICT when it does not wait. */
rc export_decide(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, str encoding) MUST_USE;

/* The job kind "export". Result: {rows, columns, classification, condition, sentence, staged and what export_file_tell() says}; result file: the export. */
rc export_run(struct cx *cx, struct job *job) MUST_USE;

#endif
