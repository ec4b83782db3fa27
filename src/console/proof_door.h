/* proof_door.h - routes of what the log can prove: the log as a whole, one entry's path, its receipt, its bundles. */
#ifndef DAICHO_CONSOLE_PROOF_DOOR_H
#define DAICHO_CONSOLE_PROOF_DOOR_H

#include "gate/gate.h"

extern const struct route proof_door_routes[];

#endif
