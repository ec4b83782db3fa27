/* formula.h - cells a spreadsheet would run. Written with an apostrophe in front, as people type it; read back without. Reversible: a text that
 * has such apostrophes itself gets one more. After OWASP, "CSV Injection": = + - @ tab CR, and the full-width forms Japanese Excel narrows. */
#ifndef DAICHO_REGISTER_FORMULA_H
#define DAICHO_REGISTER_FORMULA_H

#include "base/str.h"

/* Would the cell be run, or lose an apostrophe when read back? */
bool formula_like(str cell);
/* What the cell says: one apostrophe less when it was written before a formula. */
str formula_bare(str cell);

#endif
