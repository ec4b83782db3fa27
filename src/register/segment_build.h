/* segment_build.h - how counts of segments are kept: the trigger of a register's table that adds, in the transaction that writes, the difference each
 * statement makes. Built as code of the database by the owner's job, because it runs for everybody who writes; values of conditions stand in it in
 * hexadecimal. Why so, and what it costs: doc/segments.md. */
#ifndef DAICHO_REGISTER_SEGMENT_BUILD_H
#define DAICHO_REGISTER_SEGMENT_BUILD_H

#include "jobs/jobs.h"
#include "register/definition.h"

/* The job kind "segment", with the owner's rights: brings the triggers of a register, of its histories and of its master in accord with the segments. Those
 * whose meaning changed are counted afterwards (segment_turn.h). Result: {segments, broken}. */
rc segment_build_run(struct cx *cx, struct job *job) MUST_USE;
/* Inside the define job, after a definition changed: nothing counts until it is built again, which is asked for. */
rc segment_build_void(struct cx *cx, const struct definition *def) MUST_USE;

#endif
