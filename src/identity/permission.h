/* permission.h - the published list of permissions: one a function, held as a bit set in cx->permissions. */
#ifndef DAICHO_IDENTITY_PERMISSION_H
#define DAICHO_IDENTITY_PERMISSION_H

#include "base/cx.h"

enum permission {
#define PERMISSION(name, word) PERM_##name,
#include "identity/permission.tbl"
#undef PERMISSION
        PERMISSIONS
};

const char *permission_word(enum permission p);                 /* "record.read" */
bool permission_held(const struct cx *cx, enum permission p);
/* Words separated by spaces (as the database gives them) to bits; unknown words are ignored. */
uint64_t permission_parse(str words);

#endif
