/* import_diff.h - what an import that waits would write, row by row: new, changed (old → new for each item), unchanged, refused (why). Read from what was
 * kept when the file was compared (tenant.import_row) and from the records as they are now. Nothing is written here. */
#ifndef DAICHO_REGISTER_IMPORT_DIFF_H
#define DAICHO_REGISTER_IMPORT_DIFF_H

#include "jobs/jobs.h"

enum { IMPORT_DIFF_LIMIT = 50 };

/* {register: definition, job, kind, columns: [{name, title}], rows: […], next: line | null}; rows of kind
 *   new        {line, cells: [{text}]}                                  in the order of columns
 *   changed    {line, record, heading, moved (the record was changed since), items: [{name, title, old, new}]}
 *   unchanged  {line, record, heading}
 *   refused    {line, problems: [{item, title, code, reason}]}
 * at most IMPORT_DIFF_LIMIT in the order of the file, behind line `after`. kind absent: the first that has any, changed before new. Rows only while the
 * import waits. RC_UNKNOWN; RC_FORBIDDEN for masked accounts; RC_INVALID for another kind. */
rc import_diff_get(struct cx *cx, const struct job_sight *sight, str register_name, int64_t id, str kind, int64_t after, json_t **ret) MUST_USE;

#endif
