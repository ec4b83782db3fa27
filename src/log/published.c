/* published.c - see published.h. */
#include "base/house.h"

#include "log/published.h"

#include "base/fail.h"
#include "base/file.h"

#include <unistd.h>

static const char *logs;

void published_start(const char *directory)
{
        logs = directory;
}

static rc keys_read(struct cx *cx, struct published *p)
{
        str rest;

        TRY(file_read(cx, str_format(cx->mem, "%s/keys", p->directory).p, KB(64), &rest));
        while (rest.n > 0 && p->keys < PUBLISHED_KEYS_MAX) {
                str line = str_cut(rest, '\n', &rest);

                TRY(note_key_read(cx, line, &p->key[p->keys]));
                p->vkey[p->keys++] = line;
        }
        return RC_OK;
}

static rc signed_check(struct cx *cx, struct published *p)
{
        struct note_seal seal[PUBLISHED_KEYS_MAX] = { 0 };
        rc result = note_check(cx, p->parsed, p->key, p->keys, seal);

        if (result == RC_FORGED) {
                fail_clear(cx);
                return RC_OK;
        }
        TRY(result);
        for (size_t i = 0; i < p->keys; i++)
                p->signed_ = p->signed_ || seal[i].signed_;
        return RC_OK;
}

static rc checkpoint_open(struct cx *cx, struct published *p, const char *name)
{
        rc result = file_read(cx, str_format(cx->mem, "%s/%s", p->directory, name).p, NOTE_MAX, &p->note);

        p->signed_ = false;
        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                p->note = STR_NONE;
                return RC_OK;
        }
        TRY(result);
        TRY(note_read(cx, p->note, &p->parsed));
        TRY(checkpoint_read(cx, p->parsed->text, &p->head));
        if (p->keys == 0)
                TRY(keys_read(cx, p));
        return signed_check(cx, p);
}

rc published_open(struct cx *cx, str part, int64_t generation, struct published *ret)
{
        struct published p = { .generation = generation };

        must(logs != NULL);
        p.directory = str_format(cx->mem, "%s/%.*s/%" PRId64, logs, STR_ARG(part), generation).p;
        TRY(checkpoint_open(cx, &p, "checkpoint"));
        *ret = p;
        return RC_OK;
}

void published_cosigned(struct cx *cx, const struct published *newest, struct published *ret)
{
        struct published p = *newest;

        if (checkpoint_open(cx, &p, "cosigned") != RC_OK) { /* torn: as good as none */
                fail_clear(cx);
                p.note = STR_NONE;
        }
        if (!str_absent(p.note) && (!p.signed_ || !str_equal(p.head.origin, newest->head.origin)))
                p.note = STR_NONE;
        *ret = p;
}

bool published_holds(struct cx *cx, str name)
{
        must(logs != NULL);
        return access(str_format(cx->mem, "%s/%.*s", logs, STR_ARG(name)).p, R_OK) == 0;
}
