/* plan.h - how maintenance is meant to be reached, as an operator writes it: one YAML file (doc/maintenance.md), checked into one canonical JSON object:
 * {office: [range], vpn: [range], vdi: "address:port", egress: ["address[/bits]:port[/udp]"], management: ["address:port"], plain: ["address:port"],
 *  unlisted: "address:port", reference: "address:port", server_name: text | null, every: minutes}. */
#ifndef DAICHO_GOVERNANCE_PLAN_H
#define DAICHO_GOVERNANCE_PLAN_H

#include "base/json.h"

enum { PLAN_SIZE_MAX = 64 << 10 };

/* RC_INVALID: all that is wrong, by line and name. */
rc plan_read(struct cx *cx, str yaml, json_t **ret) MUST_USE;

struct plan_endpoint {
        str address; /* as it stands between the brackets: 192.0.2.7, 2001:db8::1; with /bits where a range is meant */
        int64_t port;
        bool udp, six;
};
/* An element of a plan that was checked. */
struct plan_endpoint plan_endpoint(struct cx *cx, str text);

#endif
