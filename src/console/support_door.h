/* support_door.h - support by the operator: the contract's side (/support) and the operators' (/operator). */
#ifndef DAICHO_CONSOLE_SUPPORT_DOOR_H
#define DAICHO_CONSOLE_SUPPORT_DOOR_H

#include "gate/gate.h"

extern const struct route support_door_routes[];

#endif
