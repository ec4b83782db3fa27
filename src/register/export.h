/* export.h - records of a register as a CSV file, as a job: streamed from COPY through transcoding into the file, whatever the number.
 *
 * What is written reads back: an import of the file into the same register changes nothing.
 * - headings are the titles in the reader's language; choices, yes/no and dates as people read them; references as the key of their record;
 * - UTF-8 with byte order mark, or CP932 (characters it does not have become 〓, counted and listed with line and item); CR LF;
 * - a cell whose text would be run as a formula by a spreadsheet (it begins with = + - @ or a tab, CR) gets an apostrophe in front, as people do
 *   by hand; import takes one apostrophe off before these characters;
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
        str encoding;      /* "utf-8" (also when absent) or "cp932" */
        bool own;          /* to a device of one's own: contact details and what is public, nothing else */
        json_t *device;    /* for the log: to which device; NULL: not known */
};
/* Checks the order and adds the job. RC_INVALID, RC_UNKNOWN, RC_FORBIDDEN (an item that is hidden from the account). */
rc export_start(struct cx *cx, const struct export_order *order, int64_t *ret_job) MUST_USE;

/* The job kind "export". Result: {rows, bytes, encoding, condition, replaced, similar, first_replaced: [{line, item, title}]}; result file: the CSV. */
rc export_run(struct cx *cx, struct job *job) MUST_USE;

#endif
