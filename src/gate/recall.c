/* recall.c - see recall.h. A fixed number of slots, each for the tokens that share its bits; the newest look-up stays. */
#include "base/house.h"

#include "gate/recall.h"

#include "base/clock.h"

enum { SLOTS = 512, TOKEN_SIZE = 32, TEXT_MAX = 2000, TEXTS = 10, CLOCK_SLACK_MS = 2000 };

struct slot {
        bool used;
        char token[TOKEN_SIZE];
        struct entrance e; /* its texts point into text[] */
        msec kept_at;      /* clock_tick() */
        char text[TEXT_MAX];
};

static struct slot slots[SLOTS];

static struct slot *slot_of(str token)
{
        uint32_t bits;

        must(token.n == TOKEN_SIZE);
        memcpy(&bits, token.p, sizeof(bits));
        return &slots[bits % SLOTS];
}

static void texts_of(struct entrance *e, str *ret[TEXTS])
{
        str *const all[TEXTS] = { &e->tenant, &e->kind, &e->actor, &e->groups, &e->permissions, &e->lang, &e->theme, &e->role, &e->told, &e->stage };

        memcpy(ret, all, sizeof(all));
}

void recall_keep(str token, const struct entrance *e)
{
        struct slot *s = slot_of(token);
        str *texts[TEXTS];
        size_t used = 0;

        s->used = false;
        s->e = *e;
        texts_of(&s->e, texts);
        for (size_t i = 0; i < TEXTS; i++) {
                if (texts[i]->n > TEXT_MAX - used)
                        return; /* longer than usual: not kept */
                if (texts[i]->n > 0)
                        memcpy(s->text + used, texts[i]->p, texts[i]->n);
                texts[i]->p = s->text + used;
                used += texts[i]->n;
        }
        memcpy(s->token, token.p, TOKEN_SIZE);
        s->kept_at = clock_tick();
        s->used = true;
}

struct entrance *recall_find(str token, struct arena *mem)
{
        struct slot *s = slot_of(token);
        struct entrance *e;
        str *texts[TEXTS];

        if (!s->used || memcmp(s->token, token.p, TOKEN_SIZE) != 0)
                return NULL;
        e = NEW(mem, struct entrance);
        *e = s->e;
        texts_of(e, texts);
        for (size_t i = 0; i < TEXTS; i++)
                *texts[i] = str_copy(mem, *texts[i]);
        e->now_ms += clock_tick() - s->kept_at;
        return e;
}

bool recall_same(const struct entrance *guess, const struct entrance *found)
{
        struct entrance a = *guess, b = *found;
        str *mine[TEXTS], *theirs[TEXTS];
        int64_t apart = a.now_ms - b.now_ms;

        texts_of(&a, mine);
        texts_of(&b, theirs);
        for (size_t i = 0; i < TEXTS; i++)
                if (!str_equal(*mine[i], *theirs[i]))
                        return false;
        return a.masked == b.masked && a.id == b.id && a.session_id == b.session_id && a.must_change == b.must_change && a.proven_ms == b.proven_ms &&
               apart <= CLOCK_SLACK_MS && apart >= -CLOCK_SLACK_MS;
}
