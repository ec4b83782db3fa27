/* guess.c - see guess.h. */
#include "base/house.h"

#include "identity/guess.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/strength.h"
#include "base/utf8.h"
#include "identity/romaji.h"

static const char *const common[] = {
#include "identity/guessable.tbl"
};

enum { OWN_MAX = 60, WORD_MIN = 3, WORD_MAX = 60 };

struct words {
        const char *list[OWN_MAX + 2 * COUNT(common) + 1]; /* own ones first: zxcvbn takes the first for the likeliest */
        size_t own, count;
};

static void word_add(struct words *w, struct arena *mem, str word)
{
        if (word.n >= WORD_MIN && word.n <= WORD_MAX && w->count < COUNT(w->list) - 1)
                w->list[w->count++] = str_z(mem, word);
}

static str lower(struct arena *mem, str s)
{
        char *to = arena_copy(mem, s.p, s.n + 1);

        for (size_t i = 0; i < s.n; i++)
                if (to[i] >= 'A' && to[i] <= 'Z')
                        to[i] = (char)(to[i] + 32);
        return (str){ to, s.n };
}

/* A name, as it stands and folded. */
static void own_add(struct words *w, struct arena *mem, str word)
{
        if (w->count + 2 > OWN_MAX || word.n < WORD_MIN)
                return;
        word_add(w, mem, lower(mem, word));
        word_add(w, mem, romaji_fold(mem, word));
}

/* What a character is for taking names apart: 0 separator, 1 ASCII letter, 2 digit, 3 kana, 4 other script. */
static int script(uint32_t c)
{
        if (c >= '0' && c <= '9')
                return 2;
        if (c < 0x80)
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? 1 : 0;
        if (c == 0x3000 || (c >= 0xff01 && c <= 0xff0f))
                return 0;
        return c >= 0x3040 && c <= 0x30ff ? 3 : 4;
}

static void strip(str *s, str prefix)
{
        if (str_starts(*s, prefix))
                *s = (str){ s->p + prefix.n, s->n - prefix.n };
        else if (str_ends(*s, prefix))
                s->n -= prefix.n;
}

/* A name, its parts between separators, and its runs of one script: "株式会社みどり商事" is also みどり and 商事. */
static void name_add(struct words *w, struct arena *mem, str name)
{
        size_t from = 0;
        int before = 0;

        if (str_absent(name))
                return;
        strip(&name, S("株式会社"));
        strip(&name, S("有限会社"));
        strip(&name, S("合同会社"));
        own_add(w, mem, name);
        for (size_t at = 0; at < name.n;) {
                size_t start = at;
                int now = script(utf8_decode(name, &at));

                if (now != before && start > from && before != 0)
                        own_add(w, mem, (str){ name.p + from, start - from });
                if (now != before)
                        from = start;
                before = now;
        }
        if (before != 0 && from > 0)
                own_add(w, mem, (str){ name.p + from, name.n - from });
}

static struct words *words_make(struct arena *mem, const struct guess_owner *owner)
{
        struct words *w = NEW(mem, struct words);

        name_add(w, mem, owner->login);
        name_add(w, mem, owner->name);
        name_add(w, mem, owner->tenant);
        name_add(w, mem, owner->title);
        name_add(w, mem, owner->email);
        w->own = w->count;
        for (size_t i = 0; i < COUNT(common); i++) {
                str as = str_of(common[i]), folded = romaji_fold(mem, as);

                word_add(w, mem, folded);
                if ((unsigned char)as.p[0] < 0x80 && !str_equal(as, folded))
                        word_add(w, mem, as);
        }
        return w;
}

/* Bits of the weaker of both readings: as typed, and folded. ASCII only is read as typed: zxcvbn takes each byte of other scripts for chance. */
static double bits_of(struct arena *mem, str password, str folded, const char *const *words, enum strength_part *ret)
{
        bool ascii = true;
        enum strength_part part;
        double bits = strength_bits(mem, folded, words, ret), typed;

        for (size_t i = 0; i < password.n; i++)
                ascii = ascii && (unsigned char)password.p[i] < 0x80;
        if (!ascii)
                return bits;
        typed = strength_bits(mem, password, words, &part);
        if (typed < bits) {
                bits = typed;
                *ret = part;
        }
        return bits;
}

/* One piece again and again. */
static bool repeated(str s)
{
        for (size_t piece = 1; piece <= s.n / 2; piece++)
                if (s.n % piece == 0 && memcmp(s.p, s.p + piece, s.n - piece) == 0)
                        return true;
        return false;
}

static rc refuse(struct cx *cx, enum strength_part part, const char *item)
{
        switch (part) {
        case STRENGTH_WORD:
        case STRENGTH_GIVEN: return fail(cx, RC_INVALID, item, "the password is guessed quickly: it is made of common words");
        case STRENGTH_REPEAT: return fail(cx, RC_INVALID, item, "the password is guessed quickly: it is made of repetition or a sequence");
        case STRENGTH_KEYS: return fail(cx, RC_INVALID, item, "the password is guessed quickly: it is made of keys that lie side by side");
        case STRENGTH_DATE: return fail(cx, RC_INVALID, item, "the password is guessed quickly: it is made of a date");
        case STRENGTH_FREE: break;
        }
        return fail(cx, RC_INVALID, item, "the password is guessed quickly: it needs to be longer, or of more kinds of characters");
}

rc guess_check(struct cx *cx, const struct guess_owner *owner, str password, const char *item)
{
        static const char *const none[] = { NULL };
        struct arena_mark mark = arena_mark(cx->mem);
        str folded = romaji_fold(cx->mem, password);
        struct words *w = words_make(cx->mem, owner);
        const char *rest = w->list[w->own];
        enum strength_part bare, own, all;
        double bits_bare, bits_own, bits_all;

        must(password.n <= GUESS_BYTES_MAX);
        bits_all = bits_of(cx->mem, password, folded, w->list, &all);
        bits_bare = bits_of(cx->mem, password, folded, none, &bare);
        w->list[w->own] = NULL;
        bits_own = bits_of(cx->mem, password, folded, w->list, &own);
        w->list[w->own] = rest;
        crypto_wipe((char *)(uintptr_t)folded.p, folded.n);
        arena_rewind(cx->mem, mark);
        if (bits_all >= GUESS_BITS_MIN)
                return RC_OK;
        if (bits_own < bits_bare && bits_own < GUESS_BITS_MIN && own == STRENGTH_GIVEN)
                return fail(cx, RC_INVALID, item,
                            "the password is guessed quickly: it is made of the name of the person, the account or the company");
        if (repeated(password))
                return refuse(cx, STRENGTH_REPEAT, item);
        return refuse(cx, bits_bare < GUESS_BITS_MIN ? bare : all, item);
}
