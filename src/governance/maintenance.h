/* maintenance.h - how the house is maintained, told to operators: what the plan says, whether its walls hold, who was at work from where, which accounts the
 * VDI has. Of the operators' contract alone; what is written is judged by the database (schema/0026_maintenance.sql). */
#ifndef DAICHO_GOVERNANCE_MAINTENANCE_H
#define DAICHO_GOVERNANCE_MAINTENANCE_H

#include "base/json.h"

enum { MAINTENANCE_NOTE_MAX = 1000 };

/* {plan: {…, set_by, set_at} | null, tiles: [{control, clause, state: green | amber | red, …}], works: [{…}], vdi: [{…}], tries: [{…}], people: [{id, name}]}.
 * A tile of outside, egress, plain: at, place, expected, found, route, tls, verdict, good_at, bad_at; of sessions and accounts: count, waiting, at, until_at. */
rc maintenance_get(struct cx *cx, json_t **ret) MUST_USE;

/* RC_FORBIDDEN: this is no command at the desk of the operators' contract. */
rc maintenance_desk(struct cx *cx) MUST_USE;
/* Commands there. plan: as plan_read gives it. */
rc maintenance_set(struct cx *cx, const json_t *plan) MUST_USE;
/* The plan in force alone. RC_UNKNOWN: there is none. */
rc maintenance_plan(struct cx *cx, json_t **ret) MUST_USE;
/* A report of probe_run. *ret: what it means, as probe_judge, with said: done | drift (somebody is told) | again (it came before). RC_INVALID: it is no report
 * of this plan; RC_CONFLICT: it is old. */
rc maintenance_observe(struct cx *cx, const json_t *report, json_t **ret) MUST_USE;
/* Lines of vpn_read. */
rc maintenance_vpn(struct cx *cx, const json_t *lines, msec until, str sha256, int64_t *ret_added, int64_t *ret_covered) MUST_USE;
/* Names of roster_read. */
rc maintenance_vdi(struct cx *cx, const str *names, size_t count, str sha256) MUST_USE;
/* A command is given, by somebody who sits there. Outside any contract, before it does anything. */
rc maintenance_command(struct cx *cx, str actor, str source) MUST_USE;

/* Why a flagged session was all right. in: note. RC_FORBIDDEN: one's own. */
rc maintenance_explain(struct cx *cx, int64_t id, const json_t *in) MUST_USE;
/* An account of the VDI for a person. in: name, person, purpose. */
rc maintenance_ask(struct cx *cx, const json_t *in, int64_t *ret_id) MUST_USE;
/* RC_FORBIDDEN: by the one who asked, or who gets it. */
rc maintenance_approve(struct cx *cx, int64_t id) MUST_USE;
rc maintenance_end(struct cx *cx, int64_t id) MUST_USE;

#endif
