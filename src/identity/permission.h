/* permission.h - the published list of permissions: one a function, held as a bit set in cx->permissions. */
#ifndef DAICHO_IDENTITY_PERMISSION_H
#define DAICHO_IDENTITY_PERMISSION_H

#include "base/json.h"

enum permission {
#define PERMISSION(name, word, scope) PERM_##name,
#include "identity/permission.tbl"
#undef PERMISSION
        PERMISSIONS
};

const char *permission_word(enum permission p); /* "record.read"; "" for PUBLIC and NONE */
bool permission_held(const struct cx *cx, enum permission p);
/* Words separated by spaces (as the database gives them) to bits; unknown words are ignored. */
uint64_t permission_parse(str words);
/* Bits to words separated by spaces, in the order of the table. */
str permission_format(struct arena *mem, uint64_t bits);
/* Every permission there is: what the operator's commands hold. */
uint64_t permission_all(void);

/* A list of words from outside (JSON array of text; absent: none). RC_INVALID about `item` for a word that does not exist, RC_FORBIDDEN for one the
 * caller does not hold: nobody grants what they do not hold. */
rc permission_read(struct cx *cx, const json_t *words, const char *item, uint64_t *ret) MUST_USE;
/* RC_FORBIDDEN unless the caller holds all of `bits`, which belong to somebody it wants to change. */
rc permission_above(struct cx *cx, uint64_t bits) MUST_USE;

/* Models: ["record.read", …]; with titles [{name, title, help}]; and the whole list for a form, with granted (in `bits`) and held (the caller could
 * give it). Titles: permission.record_read.title and .help of the catalogue. */
json_t *permission_words(uint64_t bits);
json_t *permission_titles(struct cx *cx, uint64_t bits);
json_t *permission_choices(struct cx *cx, uint64_t bits);

#endif
