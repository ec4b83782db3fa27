/* keyring.h - the keys the house signs its logs with: small files in DIR/secret/log, never in the database. Keys change by overlap: for a while the old
 * and the new one both sign, so that whoever knows only one of them can follow. The files are read by the sealer alone (sandbox.c).
 *   N.key    daicho-log-key/v1, seed BASE64, and once it is to stop: until POSIX-SECONDS */
#ifndef DAICHO_LOG_KEYRING_H
#define DAICHO_LOG_KEYRING_H

#include "log/note.h"

enum { KEYRING_MAX = 8 };

struct keyring {
        size_t count;
        struct keyring_key {
                int64_t number;
                int64_t until; /* POSIX seconds; 0: no end is set */
                uint8_t seed[ED25519_KEY_SIZE];
                uint8_t public_key[ED25519_KEY_SIZE];
        } key[KEYRING_MAX]; /* oldest first */
};

/* A first key when there is none. */
rc keyring_ensure(struct cx *cx, const char *directory) MUST_USE;
/* All keys there are. RC_UNKNOWN: none. They are wiped with cx->mem. */
rc keyring_read(struct cx *cx, const char *directory, struct keyring **ret) MUST_USE;
/* A new key; those that sign now stop at `until`; those that stopped before `now` (POSIX seconds) are erased. */
rc keyring_rotate(struct cx *cx, const char *directory, int64_t now, int64_t until) MUST_USE;
/* The signatures of all keys valid at `now` under this origin's name: a note. */
str keyring_sign(struct arena *mem, const struct keyring *ring, str origin, str text, int64_t now);
/* Their verification keys for this origin, oldest first. *ret_count: how many. */
str *keyring_vkeys(struct arena *mem, const struct keyring *ring, str origin, int64_t now, size_t *ret_count);

#endif
