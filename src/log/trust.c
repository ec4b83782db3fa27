/* trust.c - see trust.h. */
#include "base/house.h"

#include "log/trust.h"

#include "base/fail.h"

enum { GROUP_BASE = TRUST_MAX, NOBODY = -1, WORDS_MAX = 3 + 2 * TRUST_MAX };

struct words {
        str word[WORDS_MAX];
        size_t count;
        int64_t line;
};

static bool blank(char c)
{
        return c == ' ' || c == '\t';
}

/* false: more words than any line has. */
static bool words_of(str line, struct words *ret)
{
        size_t i = 0;

        ret->count = 0;
        while (i < line.n) {
                size_t from;

                for (; i < line.n && blank(line.p[i]); i++) {
                }
                from = i;
                for (; i < line.n && !blank(line.p[i]); i++) {
                }
                if (i == from)
                        break;
                if (ret->count == WORDS_MAX)
                        return false;
                ret->word[ret->count++] = (str){ line.p + from, i - from };
        }
        return true;
}

/* A witness, TRUST_MAX + a group, or NOBODY. */
static int find(const struct trust *t, str name)
{
        for (size_t i = 0; i < t->witness_count; i++)
                if (str_equal(t->witness[i].name, name))
                        return (int)i;
        for (size_t i = 0; i < t->group_count; i++)
                if (str_equal(t->group[i].name, name))
                        return GROUP_BASE + (int)i;
        return NOBODY;
}

static rc name_check(struct cx *cx, const struct trust *t, const struct words *w, str name)
{
        if (str_is(name, "none") || find(t, name) != NOBODY)
                return fail_line(cx, RC_INVALID, w->line, NULL, "the name \"%.*s\" is taken", STR_ARG(name));
        return RC_OK;
}

static rc full(struct cx *cx, const struct words *w)
{
        return fail_line(cx, RC_INVALID, w->line, NULL, "a policy has at most %d logs, witnesses and groups each", TRUST_MAX);
}

static bool same_key(const struct note_key *a, const struct note_key *b)
{
        return str_equal(a->public_key, b->public_key);
}

static rc log_line(struct cx *cx, struct trust *t, const struct words *w)
{
        struct trust_log *log = &t->log[t->log_count];

        if (w->count != 2 && w->count != 3)
                return fail_line(cx, RC_INVALID, w->line, NULL, "this line must be: %s", "log VKEY [URL]");
        if (t->log_count == TRUST_MAX)
                return full(cx, w);
        TRY(note_key_read(cx, w->word[1], &log->key));
        log->url = w->count == 3 ? w->word[2] : STR_NONE;
        for (size_t i = 0; i < t->log_count; i++)
                if (same_key(&t->log[i].key, &log->key))
                        return fail_line(cx, RC_INVALID, w->line, NULL, "this public key stands here twice");
        t->log_count++;
        return RC_OK;
}

static rc witness_line(struct cx *cx, struct trust *t, const struct words *w)
{
        struct trust_witness *witness = &t->witness[t->witness_count];

        if (w->count != 3 && w->count != 4)
                return fail_line(cx, RC_INVALID, w->line, NULL, "this line must be: %s", "witness NAME VKEY [URL]");
        if (t->witness_count == TRUST_MAX)
                return full(cx, w);
        TRY(name_check(cx, t, w, w->word[1]));
        TRY(note_key_read(cx, w->word[2], &witness->key));
        if (witness->key.type == NOTE_ED25519)
                return fail_line(cx, RC_INVALID, w->line, NULL, "this is a log's key; a witness has a key for cosignatures");
        for (size_t i = 0; i < t->witness_count; i++)
                if (same_key(&t->witness[i].key, &witness->key))
                        return fail_line(cx, RC_INVALID, w->line, NULL, "this public key stands here twice");
        witness->name = w->word[1];
        witness->url = w->count == 4 ? w->word[3] : STR_NONE;
        witness->member_of = NOBODY;
        t->witness_count++;
        return RC_OK;
}

static int *member_of(struct trust *t, int who)
{
        return who < GROUP_BASE ? &t->witness[who].member_of : &t->group[who - GROUP_BASE].member_of;
}

static rc group_line(struct cx *cx, struct trust *t, const struct words *w)
{
        struct trust_group *group = &t->group[t->group_count];
        int64_t least = 0, members = (int64_t)w->count - 3;

        if (members < 1)
                return fail_line(cx, RC_INVALID, w->line, NULL, "this line must be: %s", "group NAME all|any|K NAME…");
        if (t->group_count == TRUST_MAX)
                return full(cx, w);
        TRY(name_check(cx, t, w, w->word[1]));
        if (str_is(w->word[2], "all"))
                least = members;
        else if (str_is(w->word[2], "any"))
                least = 1;
        else if (!checkpoint_number(w->word[2], &least) || least < 1 || least > members)
                return fail_line(cx, RC_INVALID, w->line, NULL, "a group asks for all, any or 1 to %ld of its members", (long)members);
        for (size_t i = 3; i < w->count; i++) {
                int who = find(t, w->word[i]);

                if (who == NOBODY)
                        return fail_line(cx, RC_INVALID, w->line, NULL, "there is no witness and no group \"%.*s\" above this line",
                                         STR_ARG(w->word[i]));
                if (*member_of(t, who) != NOBODY)
                        return fail_line(cx, RC_INVALID, w->line, NULL, "\"%.*s\" is a member already", STR_ARG(w->word[i]));
                *member_of(t, who) = (int)t->group_count;
        }
        *group = (struct trust_group){ .name = w->word[1], .least = (int)least, .member_of = NOBODY };
        t->group_count++;
        return RC_OK;
}

static rc quorum_line(struct cx *cx, struct trust *t, const struct words *w, bool *seen)
{
        if (w->count != 2)
                return fail_line(cx, RC_INVALID, w->line, NULL, "this line must be: %s", "quorum NAME|none");
        if (*seen)
                return fail_line(cx, RC_INVALID, w->line, NULL, "a policy has exactly one quorum line");
        *seen = true;
        t->quorum = find(t, w->word[1]);
        if (t->quorum == NOBODY && !str_is(w->word[1], "none"))
                return fail_line(cx, RC_INVALID, w->line, NULL, "there is no witness and no group \"%.*s\" above this line", STR_ARG(w->word[1]));
        return RC_OK;
}

static rc line_read(struct cx *cx, struct trust *t, str line, int64_t number, bool *seen)
{
        struct words w = { .line = number };

        if (!words_of(line, &w))
                return fail_line(cx, RC_INVALID, number, NULL, "this line has too many words");
        if (w.count == 0 || w.word[0].p[0] == '#')
                return RC_OK;
        if (str_is(w.word[0], "log"))
                return log_line(cx, t, &w);
        if (str_is(w.word[0], "witness"))
                return witness_line(cx, t, &w);
        if (str_is(w.word[0], "group"))
                return group_line(cx, t, &w);
        if (str_is(w.word[0], "quorum"))
                return quorum_line(cx, t, &w, seen);
        return fail_line(cx, RC_INVALID, number, NULL, "a line begins with log, witness, group or quorum");
}

rc trust_read(struct cx *cx, str text, struct trust **ret)
{
        struct trust *t = NEW(cx->mem, struct trust);
        bool seen = false;
        str rest = text;

        if (text.n > TRUST_FILE_MAX)
                return fail(cx, RC_INVALID, NULL, "a policy has at most %d bytes", TRUST_FILE_MAX);
        for (size_t i = 0; i < text.n; i++)
                if (((uint8_t)text.p[i] < 0x20 && text.p[i] != '\n' && text.p[i] != '\t') || text.p[i] == 0x7f)
                        return fail(cx, RC_INVALID, NULL, "a policy is text without control characters");
        t->quorum = NOBODY;
        for (int64_t number = 1; rest.n > 0; number++) {
                str line = str_cut(rest, '\n', &rest);

                TRY(line_read(cx, t, line, number, &seen));
        }
        if (!seen)
                return fail(cx, RC_INVALID, NULL, "a policy has exactly one quorum line");
        *ret = t;
        return RC_OK;
}

struct trust *trust_of(struct arena *mem, const struct note_key *log)
{
        struct trust *t = NEW(mem, struct trust);

        t->log[t->log_count++].key = *log;
        t->quorum = NOBODY;
        return t;
}

/* Members stand before their groups, so one pass counts them all. */
static bool quorum_holds(const struct trust *t, const struct note_seal *seal)
{
        int have[TRUST_MAX] = { 0 };
        bool holds = t->quorum == NOBODY;

        for (size_t i = 0; i < t->witness_count; i++) {
                if (!seal[i].signed_)
                        continue;
                if (t->witness[i].member_of != NOBODY)
                        have[t->witness[i].member_of]++;
                holds = holds || t->quorum == (int)i;
        }
        for (size_t i = 0; i < t->group_count; i++) {
                if (have[i] < t->group[i].least)
                        continue;
                if (t->group[i].member_of != NOBODY)
                        have[t->group[i].member_of]++;
                holds = holds || t->quorum == GROUP_BASE + (int)i;
        }
        return holds;
}

static rc quorum_missing(struct cx *cx, const struct trust *t)
{
        str name = t->quorum < GROUP_BASE ? t->witness[t->quorum].name : t->group[t->quorum - GROUP_BASE].name;

        return fail(cx, RC_FORGED, NULL, "too few witnesses have cosigned this checkpoint: the quorum %.*s is not reached", STR_ARG(name));
}

rc trust_open(struct cx *cx, const struct trust *trust, str bytes, struct checkpoint *ret, struct note **ret_note, struct note_seal seal[TRUST_MAX])
{
        struct note_key keys[2 * TRUST_MAX] = { 0 };
        struct note_seal said[2 * TRUST_MAX];
        struct checkpoint c;
        struct note *note;
        size_t logs = 0;
        bool is_signed = false;

        TRY(note_read(cx, bytes, &note));
        TRY(checkpoint_read(cx, note->text, &c));
        for (size_t i = 0; i < trust->log_count; i++)
                if (str_equal(trust->log[i].key.name, c.origin))
                        keys[logs++] = trust->log[i].key;
        if (logs == 0)
                return fail(cx, RC_FORGED, NULL, "this checkpoint is one of %.*s, whose key was not given", STR_ARG(c.origin));
        for (size_t i = 0; i < trust->witness_count; i++)
                keys[logs + i] = trust->witness[i].key;
        TRY(note_check(cx, note, keys, logs + trust->witness_count, said));
        for (size_t i = 0; i < logs; i++)
                is_signed = is_signed || said[i].signed_;
        if (!is_signed)
                return fail(cx, RC_FORGED, NULL, "this checkpoint is not signed by the key %.*s", STR_ARG(note_key_write(cx->mem, &keys[0])));
        if (!quorum_holds(trust, said + logs))
                return quorum_missing(cx, trust);
        if (seal != NULL)
                memcpy(seal, said + logs, trust->witness_count * sizeof(*seal));
        *ret = c;
        *ret_note = note;
        return RC_OK;
}
