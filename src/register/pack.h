/* pack.h - where a new register begins: one of those the house ships (registers/NAME.yaml), or an almost empty one. */
#ifndef DAICHO_REGISTER_PACK_H
#define DAICHO_REGISTER_PACK_H

#include "base/json.h"

enum { PACKS_MAX = 50 };

/* Every *.yaml of `directory` is read and checked, once, at the start of a process. Refuses with file and line. */
rc pack_start(struct cx *cx, str directory) MUST_USE;
/* {packs: [{name, title, description, kind, items (how many), needs: [names of registers], has_clocks, has_moves}]}, in cx->lang. */
rc pack_list(struct cx *cx, json_t **ret) MUST_USE;
/* The definition of one as people edit it, without the notes of its file. RC_UNKNOWN. */
rc pack_yaml(struct cx *cx, str name, str *ret) MUST_USE;

/* A register with one item to begin with: the number of a master or reference, or the record that entries of a history belong to (`master`, a register's name; else
 * ignored). Every mistake is told as one in a definition is. */
struct pack_wish {
        str name, title, kind, master;
};
rc pack_blank(struct cx *cx, const struct pack_wish *wish, str *ret_yaml) MUST_USE;

#endif
