/* log_file.h - entries of the operation log as a CSV file, as a job: newest first, in the reader's language, a masked account without details.
 * UTF-8 with byte order mark, or CP932 (what it does not have becomes a geta mark, counted); CR LF; cells a spreadsheet would run as a formula get an
 * apostrophe in front. */
#ifndef DAICHO_CONSOLE_LOG_FILE_H
#define DAICHO_CONSOLE_LOG_FILE_H

#include "jobs/jobs.h"

/* Checks the order and adds the job. filter: as log_list takes it. encoding: "utf-8" (also when absent) or "cp932". */
rc log_file_start(struct cx *cx, const json_t *filter, str encoding, int64_t *ret_job) MUST_USE;
/* The job kind "log_export". Result: {rows, bytes, encoding, replaced, similar}; result file: the CSV. */
rc log_file_run(struct cx *cx, struct job *job) MUST_USE;

#endif
