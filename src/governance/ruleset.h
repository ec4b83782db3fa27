/* ruleset.h - the rules of nftables(8) that a plan of maintenance means, for the VDI itself: who comes in, where it may go. */
#ifndef DAICHO_GOVERNANCE_RULESET_H
#define DAICHO_GOVERNANCE_RULESET_H

#include "base/json.h"

/* A file for `nft -f`: one table of its own, replaced as a whole. plan: as plan_read gives it. */
str ruleset_write(struct cx *cx, const json_t *plan);

#endif
