/* builder.h - what a page with the condition builder needs to know (pages/assets/conditions.js). */
#ifndef DAICHO_CONSOLE_BUILDER_H
#define DAICHO_CONSOLE_BUILDER_H

#include "register/definition.h"

/* ops; in register.items what can be asked about beside the items; histories: [{name, title, items}] this account may ask about; saved: [{id, name}] segments
 * it may use, without the one that is being changed (0). */
rc builder_dress(struct cx *cx, const struct definition *def, int64_t segment, json_t *model) MUST_USE;

#endif
