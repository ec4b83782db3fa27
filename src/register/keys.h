/* keys.h - has this key been seen before? A Bloom filter of fixed size: "no" is certain, "yes" may be wrong, so those asked again are compared in
 * the database. 8 MiB: of a million different keys about 50 are suspected wrongly, of ten million one in twenty. */
#ifndef DAICHO_REGISTER_KEYS_H
#define DAICHO_REGISTER_KEYS_H

#include "base/arena.h"
#include "base/str.h"

struct keys;
struct keys *keys_open(struct arena *mem);
/* Adds the key; was it (perhaps) there? */
bool keys_seen(struct keys *keys, str key);

#endif
