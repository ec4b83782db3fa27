/* recall.h - what the last look-up of a session or key gave, in this process. Only ever a guess: it tells in which schema and with which permissions to
 * begin while the real look-up travels; before anything is committed or replied the gate compares the two (enter.h). Private to this room. */
#ifndef DAICHO_GATE_RECALL_H
#define DAICHO_GATE_RECALL_H

#include "gate/enter.sql.h"

/* token: the SHA-256 of the cookie or key. */
void recall_keep(str token, const struct entrance *e);
/* The entrance as it should be now, copied into mem; NULL: not known. */
struct entrance *recall_find(str token, struct arena *mem);
/* Is what was found what was guessed? The clocks may differ by the way to the database. */
bool recall_same(const struct entrance *guess, const struct entrance *found);

#endif
