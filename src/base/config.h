/* config.h - daicho.conf: one `key = value` a line, `#` begins a comment. The keys stand in config.tbl; an unknown key, a key given
 * twice and a value out of bounds refuse to start, naming line and key. No sections, no quoting, no expansion. */
#ifndef DAICHO_BASE_CONFIG_H
#define DAICHO_BASE_CONFIG_H

#include "base/buf.h"
#include "base/cx.h"

struct config {
#define INT(key, value, min, max, text) int64_t key;
#define TEXT(key, value, text)          str key;
#include "base/config.tbl"
#undef INT
#undef TEXT
};

/* What holds when the file says nothing. */
struct config config_default(void);
/* Read the text of a file over the defaults. RC_INVALID with every wrong line. Texts are copied into cx->mem. */
rc config_read(struct cx *cx, str text, struct config *ret) MUST_USE;
/* A complete file with the values of `config`, each key with its explanation above it: what a new directory gets and what
 * `daicho config --explain` prints. A value that is the default stands behind `#`. */
void config_write(const struct config *config, struct buf *out);

#endif
