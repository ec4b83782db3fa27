/* cluster.h - the private PostgreSQL of a house: made once, configured at every start, its roles given fresh passwords when one is missing.
 * Unix socket only, scram for every role (the superuser too), data checksums. */
#ifndef DAICHO_CLI_CLUSTER_H
#define DAICHO_CLI_CLUSTER_H

#include "cli/parent.h"
#include "cli/place.h"

/* initdb when there is no data yet; settings and access file written anew. RC_CONFLICT when the data is of another major version. */
rc cluster_create(struct cx *cx, const struct place *place) MUST_USE;
/* The postmaster, to be given to the parent. */
struct child *cluster_child(struct cx *cx, const struct place *place);
/* After the postmaster runs: waits until it answers, then database, roles, passwords and migrations. */
rc cluster_prepare(struct cx *cx, const struct place *place, const struct child *postmaster) MUST_USE;
/* Waits for a postmaster of an earlier parent that is still closing; RC_CONFLICT when it does not go. */
rc cluster_settle(struct cx *cx, const struct place *place) MUST_USE;
/* Removes what the server's log has kept for its year (trail.h). */
void cluster_trim(struct cx *cx, const struct place *place);

#endif
