/* arena.c - blocks in a list; the newest is filled from its start. */
#include "base/house.h"

#include "base/arena.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define TWIN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TWIN 1
#endif
#endif
#ifndef TWIN
#define TWIN 0 /* 1: each piece is a block of its own, so that AddressSanitizer sees its edges */
#endif

enum { ALIGN = 16, BLOCK_FIRST = 1 << 16, BLOCK_MAX = 1 << 20 };

struct block {
        struct block *next; /* older */
        size_t size;        /* of data[] */
        _Alignas(ALIGN) char data[];
};

struct deferred {
        struct deferred *next;
        void (*fn)(void *);
        void *ptr;
};

struct arena {
        struct block *block;
        size_t used;  /* of block->data */
        size_t total; /* of all blocks */
        size_t cap;
        struct deferred *deferred;
};

struct arena *arena_current;

static struct block *block_add(struct arena *mem, size_t size)
{
        struct block *b;

        if (size > mem->cap || mem->total > mem->cap - size)
                panic("arena: over its cap");
        b = malloc(sizeof(*b) + size);
        must(b != NULL);
        b->next = mem->block;
        b->size = size;
        mem->block = b;
        mem->used = 0;
        mem->total += size;
        return b;
}

struct arena *arena_open(size_t cap)
{
        struct arena *mem = calloc(1, sizeof(*mem));

        must(mem != NULL);
        mem->cap = cap;
        return mem;
}

static void deferred_run(struct arena *mem, const struct deferred *until)
{
        while (mem->deferred != until) {
                struct deferred *d = mem->deferred;

                mem->deferred = d->next;
                d->fn(d->ptr);
        }
}

static void block_drop(struct arena *mem)
{
        struct block *b = mem->block;

        mem->block = b->next;
        mem->total -= b->size;
        free(b);
}

void arena_reset(struct arena *mem)
{
        deferred_run(mem, NULL);
        while (mem->block != NULL && (TWIN || mem->block->next != NULL || mem->block->size > BLOCK_MAX))
                block_drop(mem);
        mem->used = 0;
}

void arena_close(struct arena *mem)
{
        arena_reset(mem);
        while (mem->block != NULL)
                block_drop(mem);
        if (arena_current == mem)
                arena_current = NULL;
        free(mem);
}

void *arena_alloc(struct arena *mem, size_t size)
{
        size_t room = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
        void *p;

        must(room >= size);
        if (TWIN) {
                (void)block_add(mem, size);
        } else if (mem->block == NULL || mem->block->size - mem->used < room) {
                size_t want = mem->block == NULL ? BLOCK_FIRST : mem->block->size * 2;

                if (want > BLOCK_MAX)
                        want = BLOCK_MAX;
                if (want < room)
                        want = room;
                if (want > mem->cap - mem->total && room <= mem->cap - mem->total)
                        want = room;
                (void)block_add(mem, want);
        }
        p = mem->block->data + mem->used;
        mem->used += TWIN ? size : room;
        memset(p, 0, size);
        return p;
}

void *arena_array(struct arena *mem, size_t count, size_t size)
{
        size_t bytes;

        must(!__builtin_mul_overflow(count, size, &bytes));
        return arena_alloc(mem, bytes);
}

void *arena_copy(struct arena *mem, const void *p, size_t size)
{
        void *copy = arena_alloc(mem, size);

        if (size > 0)
                memcpy(copy, p, size);
        return copy;
}

void *arena_grow(struct arena *mem, void *p, size_t old_size, size_t new_size)
{
        size_t old_room = (old_size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
        size_t new_room = (new_size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
        void *grown;

        if (p != NULL && new_size <= old_size)
                return p;
        if (!TWIN && p != NULL && mem->block != NULL && (char *)p + old_room == mem->block->data + mem->used &&
            mem->block->size - mem->used >= new_room - old_room) {
                mem->used += new_room - old_room;
                memset((char *)p + old_size, 0, new_size - old_size);
                return p;
        }
        grown = arena_alloc(mem, new_size);
        if (p != NULL)
                memcpy(grown, p, old_size);
        return grown;
}

void arena_defer(struct arena *mem, void (*fn)(void *), void *ptr)
{
        struct deferred *d = NEW(mem, struct deferred);

        d->next = mem->deferred;
        d->fn = fn;
        d->ptr = ptr;
        mem->deferred = d;
}

struct arena_mark arena_mark(struct arena *mem)
{
        return (struct arena_mark){ mem->block, mem->used, mem->deferred, mem->total };
}

void arena_rewind(struct arena *mem, struct arena_mark mark)
{
        deferred_run(mem, mark.deferred);
        while (mem->block != mark.block)
                block_drop(mem);
        mem->used = mark.used;
}

size_t arena_size(const struct arena *mem)
{
        return mem->total;
}
