/* unit.c - what all units of work of this process share: set once by gate_start. */
#include "base/house.h"

#include "gate/unit.h"

static const struct gate_hooks none;
const struct gate_hooks *unit_hooks = &none;
enum pool unit_pool;
