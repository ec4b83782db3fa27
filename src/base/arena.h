/* arena.h - memory of one unit of work: allocated in a row, given back all at once.
 * Allocation never returns NULL; over the cap or out of memory it panics. Memory is zeroed.
 * Under AddressSanitizer each piece is a malloc of its own, so that an overrun is seen. */
#ifndef DAICHO_BASE_ARENA_H
#define DAICHO_BASE_ARENA_H

#include "base/house.h"

struct arena;

/* cap: bytes this arena may ever hold at once. */
struct arena *arena_open(size_t cap);
/* Runs the deferred calls in reverse order, gives everything back. */
void arena_close(struct arena *mem);
/* The same, but the arena is ready for the next unit and keeps its first block. */
void arena_reset(struct arena *mem);

void *arena_alloc(struct arena *mem, size_t size);
void *arena_array(struct arena *mem, size_t count, size_t size); /* overflow-checked */
void *arena_copy(struct arena *mem, const void *p, size_t size);
/* Grow a piece; in place when it is the last one. The old pointer must not be used again. */
void *arena_grow(struct arena *mem, void *p, size_t old_size, size_t new_size);
#define NEW(mem, type)              ((type *)arena_alloc((mem), sizeof(type)))
#define NEW_ARRAY(mem, type, count) ((type *)arena_array((mem), (count), sizeof(type)))

/* Call fn(ptr) when the arena is reset or closed, or rewound past this point. */
void arena_defer(struct arena *mem, void (*fn)(void *), void *ptr);

/* Scratch: everything allocated (and deferred) after the mark goes at the rewind. */
struct arena_mark {
        void *block;
        size_t used;
        void *deferred;
        size_t total;
};
struct arena_mark arena_mark(struct arena *mem);
void arena_rewind(struct arena *mem, struct arena_mark mark);
size_t arena_size(const struct arena *mem); /* bytes held now */

/* The arena Jansson allocates in (see json.h); set by the owner of the unit of work. */
extern struct arena *arena_current;

#endif
