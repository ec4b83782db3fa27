/* statement.c - see statement.h. Slots in an array, a hash table over them, and a list from newest to oldest use, all by index. */
#include "base/house.h"

#include "db/statement.h"

enum { BUCKETS = 1024, NONE = STATEMENTS_MAX, TEXTS_MAX = 1 << 22, LEAKS_MAX = 32 };

struct slot {
        uint64_t id; /* number on the server; 0: free */
        uint64_t hash;
        str sql;               /* before replacement; in `texts` */
        str tenant;            /* absent: the text does not depend on it */
        uint16_t newer, older; /* NONE: the end */
        uint16_t next;         /* same bucket */
};

struct statements {
        struct slot slots[STATEMENTS_MAX];
        uint16_t bucket[BUCKETS];
        uint16_t newest, oldest;
        size_t count;
        uint64_t last_id;
        size_t leaks;
        bool clear_server;
        struct arena *texts; /* grows with each new statement; emptied together with the cache when TEXTS_MAX is passed */
};

static void forget_all(struct statements *s)
{
        for (size_t i = 0; i < STATEMENTS_MAX; i++)
                s->slots[i] = (struct slot){ .newer = NONE, .older = NONE, .next = NONE };
        for (size_t i = 0; i < BUCKETS; i++)
                s->bucket[i] = NONE;
        s->newest = s->oldest = NONE;
        s->count = 0;
        s->leaks = 0;
        arena_reset(s->texts);
}

struct statements *statement_open(struct arena *mem)
{
        struct statements *s = NEW(mem, struct statements);

        s->texts = arena_open(MB(64));
        forget_all(s);
        return s;
}

void statement_close(struct statements *s)
{
        arena_close(s->texts);
}

/* Not against enemies: statement texts are ours. Eight bytes a step. */
static uint64_t hash(str text, uint64_t seed)
{
        uint64_t h = seed ^ text.n * 0x9e3779b97f4a7c15u;
        size_t i = 0;

        for (; i + 8 <= text.n; i += 8) {
                uint64_t word;

                memcpy(&word, text.p + i, 8);
                h = (h ^ word) * 0xff51afd7ed558ccdu;
                h ^= h >> 32;
        }
        for (; i < text.n; i++)
                h = (h ^ (unsigned char)text.p[i]) * 0x100000001b3u;
        return h ^ h >> 29;
}

static uint16_t *bucket_of(struct statements *s, uint64_t h)
{
        return &s->bucket[h % BUCKETS];
}

static uint16_t look_up(struct statements *s, uint64_t h, str sql, str tenant)
{
        for (uint16_t i = *bucket_of(s, h); i != NONE; i = s->slots[i].next) {
                struct slot *x = &s->slots[i];

                if (x->hash == h && str_equal(x->sql, sql) && str_equal(x->tenant, tenant))
                        return i;
        }
        return NONE;
}

static void list_take(struct statements *s, uint16_t i)
{
        struct slot *x = &s->slots[i];

        if (x->newer == NONE)
                s->newest = x->older;
        else
                s->slots[x->newer].older = x->older;
        if (x->older == NONE)
                s->oldest = x->newer;
        else
                s->slots[x->older].newer = x->newer;
}

static void list_put(struct statements *s, uint16_t i)
{
        struct slot *x = &s->slots[i];

        x->newer = NONE;
        x->older = s->newest;
        if (s->newest == NONE)
                s->oldest = i;
        else
                s->slots[s->newest].newer = i;
        s->newest = i;
}

static void slot_free(struct statements *s, uint16_t i)
{
        uint16_t *link = bucket_of(s, s->slots[i].hash);

        while (*link != i)
                link = &s->slots[*link].next;
        *link = s->slots[i].next;
        list_take(s, i);
        s->slots[i].id = 0;
        s->count--;
}

static uint16_t slot_new(struct statements *s, uint64_t *ret_forget)
{
        uint16_t i = 0;

        *ret_forget = 0;
        if (s->clear_server || s->leaks > LEAKS_MAX || arena_size(s->texts) > TEXTS_MAX) {
                forget_all(s);
                s->clear_server = false;
                *ret_forget = STATEMENT_ALL;
        } else if (s->count == STATEMENTS_MAX) {
                i = s->oldest;
                *ret_forget = s->slots[i].id;
                slot_free(s, i);
        }
        while (s->slots[i].id != 0)
                i++;
        s->count++;
        return i;
}

uint64_t statement_find(struct statements *s, str sql, str tenant, struct arena *scratch, str *ret_text, uint64_t *ret_forget)
{
        uint64_t plain = hash(sql, 0), bound = str_empty(tenant) ? plain : hash(tenant, plain);
        uint16_t i = look_up(s, bound, sql, tenant);
        struct buf text;
        bool depends;
        struct slot *x;

        if (i == NONE && bound != plain)
                i = look_up(s, plain, sql, STR_NONE);
        if (i != NONE) {
                if (s->newest != i) {
                        list_take(s, i);
                        list_put(s, i);
                }
                *ret_text = STR_NONE;
                *ret_forget = 0;
                return s->slots[i].id;
        }
        text = buf_open(scratch, MB(4));
        depends = statement_text(&text, sql, tenant, STATEMENT_ONE);
        buf_char(&text, '\0');
        must(!buf_full(&text));
        *ret_text = (str){ text.p, text.n - 1 };
        i = slot_new(s, ret_forget);
        x = &s->slots[i];
        x->id = ++s->last_id;
        x->hash = depends ? bound : plain;
        x->sql = str_copy(s->texts, sql);
        x->tenant = depends ? str_copy(s->texts, tenant) : STR_NONE;
        x->next = *bucket_of(s, x->hash);
        *bucket_of(s, x->hash) = i;
        list_put(s, i);
        return x->id;
}

void statement_drop(struct statements *s, uint64_t id)
{
        for (int i = 0; i < STATEMENTS_MAX; i++)
                if (s->slots[i].id == id && id != 0) {
                        slot_free(s, (uint16_t)i);
                        return;
                }
}

void statement_leak(struct statements *s)
{
        s->leaks++;
}

void statement_clear(struct statements *s, bool new_connection)
{
        forget_all(s);
        s->clear_server = !new_connection;
}

/* The word ------------------------------------------------------------------------------------------------------------------- */

static bool starts_word(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool within_word(char c)
{
        return starts_word(c) || (c >= '0' && c <= '9');
}

/* End of the piece that begins at i and is not to be looked into: quoted text, quoted name, comment, dollar-quoted body; or i. */
static size_t skip(str s, size_t i, bool bodies)
{
        char c = s.p[i];
        size_t j;

        if (c == '\'' || c == '"') {
                bool escapes = c == '\'' && i > 0 && (s.p[i - 1] == 'E' || s.p[i - 1] == 'e') && (i == 1 || !within_word(s.p[i - 2]));

                for (j = i + 1; j < s.n && s.p[j] != c; j++)
                        if (escapes && s.p[j] == '\\')
                                j++;
                return j < s.n ? j + 1 : s.n;
        }
        if (c == '-' && i + 1 < s.n && s.p[i + 1] == '-') {
                const char *end = memchr(s.p + i, '\n', s.n - i);

                return end ? (size_t)(end - s.p) + 1 : s.n;
        }
        if (c == '/' && i + 1 < s.n && s.p[i + 1] == '*') {
                int depth = 1;

                for (j = i + 2; j < s.n && depth > 0; j++) {
                        if (j + 1 < s.n && s.p[j] == '/' && s.p[j + 1] == '*') {
                                depth++;
                                j++;
                        } else if (j + 1 < s.n && s.p[j] == '*' && s.p[j + 1] == '/') {
                                depth--;
                                j++;
                        }
                }
                return j;
        }
        if (c == '$' && !bodies && (i == 0 || !within_word(s.p[i - 1]))) {
                for (j = i + 1; j < s.n && within_word(s.p[j]); j++)
                        ;
                if (j < s.n && s.p[j] == '$' && (j == i + 1 || starts_word(s.p[i + 1]))) {
                        const char *end = memmem(s.p + j + 1, s.n - j - 1, s.p + i, j + 1 - i);

                        return end ? (size_t)(end - s.p) + (j + 1 - i) : s.n;
                }
        }
        return i;
}

/* "t_acme_masked" for end "_masked". */
static void put_role(struct buf *out, str tenant, str end)
{
        must(!str_empty(tenant));
        for (size_t i = 0; i < tenant.n; i++)
                must((tenant.p[i] >= 'a' && tenant.p[i] <= 'z') || (i > 0 && tenant.p[i] >= '0' && tenant.p[i] <= '9'));
        buf_text(out, "\"t_");
        buf_add(out, tenant);
        buf_add(out, end);
        buf_char(out, '"');
}

/* The word at `at` (of n bytes, before `next`): replaced, or false. */
static bool put_word(struct buf *out, str word, char next, char after, str tenant, enum statement_kind kind)
{
        if (str_is(word, "tenant") && next == '.' && (starts_word(after) || after == '"'))
                put_role(out, tenant, S(""));
        else if (kind == STATEMENT_MIGRATION && str_is(word, "t_all"))
                put_role(out, tenant, S(""));
        else if (kind == STATEMENT_MIGRATION && str_is(word, "t_masked"))
                put_role(out, tenant, S("_masked"));
        else if (kind == STATEMENT_MIGRATION && str_is(word, "t_form"))
                put_role(out, tenant, S("_form"));
        else if (kind == STATEMENT_MIGRATION && str_is(word, "t_desk"))
                put_role(out, tenant, S("_desk"));
        else
                return false;
        return true;
}

bool statement_text(struct buf *out, str sql, str tenant, enum statement_kind kind)
{
        bool found = false;
        size_t from = 0, i = 0;

        while (i < sql.n) {
                size_t end = skip(sql, i, kind != STATEMENT_ONE);
                char c = sql.p[i];

                if (end > i) {
                        i = end;
                        continue;
                }
                /* a number, a parameter ($1), or what follows a dot is not our word */
                if (!starts_word(c)) {
                        bool takes = c == '$' || c == '.' || (c >= '0' && c <= '9');

                        i++;
                        while (takes && c != '$' && i < sql.n && within_word(sql.p[i]))
                                i++;
                        continue;
                }
                for (end = i + 1; end < sql.n && within_word(sql.p[end]);)
                        end++;
                buf_add(out, (str){ sql.p + from, i - from });
                if (put_word(out, (str){ sql.p + i, end - i }, end < sql.n ? sql.p[end] : '\0', end + 1 < sql.n ? sql.p[end + 1] : '\0', tenant,
                             kind))
                        found = true;
                else
                        buf_add(out, (str){ sql.p + i, end - i });
                from = i = end;
        }
        buf_add(out, (str){ sql.p + from, sql.n - from });
        return found;
}
