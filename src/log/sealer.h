/* sealer.h - the one process that gives entries their place in the trees and signs their heads (doc/log.md). A tree a contract, and one of the house,
 * whose leaves are the house's own entries and the newest checkpoint of each contract.
 *
 * A round: which trees have entries that wait; for each: does what is on the disk, in the database and in the sealer's own memory agree? Read the
 * entries, write tiles and bundles, then its own memory, then the database, then the checkpoint. A crash between any two of these is found and
 * finished by the next round. What does not agree is refused, loudly, until somebody who knows why says so (`daicho log restart --reason`). */
#ifndef DAICHO_LOG_SEALER_H
#define DAICHO_LOG_SEALER_H

#include "base/cx.h"

struct sealer {
        const char *logs;   /* DIR/seal: what everybody may read */
        const char *memory; /* DIR/sealer: its own */
        const char *keys;   /* DIR/secret/log */
        str host;           /* what origins begin with */
        msec every;         /* a checkpoint of a busy tree at most so often */
};

/* cx->db: daicho_sealer. Until *stop. */
void sealer_run(struct cx *cx, const struct sealer *sealer, const volatile bool *stop);

/* For `daicho log restart`: the order to begin refused trees anew, in the file the sealer looks for. */
rc sealer_restart_order(struct cx *cx, const char *memory, str reason) MUST_USE;
enum { SEALER_REASON_MAX = 500 };

#endif
