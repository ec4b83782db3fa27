/* commitment.h - what an entry says about its detail: SHA-256(salt || detail). The detail can be erased; what the entry says about it stays true. */
#ifndef DAICHO_LOG_COMMITMENT_H
#define DAICHO_LOG_COMMITMENT_H

#include "base/arena.h"
#include "base/str.h"

enum { COMMITMENT_SIZE = 32, COMMITMENT_SALT_SIZE = 32 };

void commitment_of(struct arena *mem, str salt, str detail, uint8_t ret[COMMITMENT_SIZE]);

#endif
