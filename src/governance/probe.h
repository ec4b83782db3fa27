/* probe.h - trying the walls of a plan of maintenance: what is tried from which place, and what the answers mean.
 * kind: outside (from another network: the VDI must not answer), egress (from the VDI: a host that is not on its list must not answer), plain (from the VDI:
 * the management tool must not answer without TLS, and must with it). A report: {daicho: "probe", kind, place, tried_at, attempts: [{how: shut | open | tls,
 * target, found, tls}]}. */
#ifndef DAICHO_GOVERNANCE_PROBE_H
#define DAICHO_GOVERNANCE_PROBE_H

#include "base/json.h"

enum { PROBE_REPORT_MAX = 64 << 10, PROBE_REPORTS_MAX = 1000 };

/* Goes there and writes the report; tried_at: the machine's clock. authorities: file of those trusted, NULL: the machine's own. RC_INVALID: no such kind. */
rc probe_run(struct cx *cx, const json_t *plan, str kind, str place, msec tried_at, const char *authorities, json_t **ret) MUST_USE;

/* Is it a report, and of this plan: the same attempts? RC_INVALID. */
rc probe_check(struct cx *cx, const json_t *plan, const json_t *report) MUST_USE;

/* What a report that was checked means: {expected: shut | tls, found, route, tls, verdict: good | bad | none}, by the attempt that decided. */
json_t *probe_judge(const json_t *report);

#endif
