/* head.c - see head.h. */
#include "base/house.h"

#include "log/head.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "log/head.sql.h"
#include "log/tile.h"

enum { GENERATIONS_MAX = 50 };
/* A log that is written is signed every few seconds, one that is quiet every hour; witnesses are asked every hour. Then something has stopped: */
#define SEAL_LATE    (15 * CLOCK_MINUTE)
#define SIGN_LATE    (2 * CLOCK_HOUR)
#define WITNESS_LATE CLOCK_DAY

rc head_open(struct cx *cx, struct published *ret)
{
        struct head_tree_row *tree;

        TRY(sql_head_tree(cx, false, &tree));
        TRY(published_open(cx, tree->part, tree->generation, ret));
        return str_absent(ret->note) ? fail(cx, RC_UNAVAILABLE, NULL, "nothing has been sealed yet; please try again in a moment") : RC_OK;
}

rc head_find(struct cx *cx, str origin, struct published *ret)
{
        struct head_tree_row *tree;

        TRY(sql_head_tree(cx, false, &tree));
        for (int64_t g = tree->generation; g > 0 && g > tree->generation - GENERATIONS_MAX; g--) {
                TRY(published_open(cx, tree->part, g, ret));
                if (!str_absent(ret->note) && str_equal(ret->head.origin, origin))
                        return RC_OK;
        }
        ret->note = STR_NONE;
        return RC_OK;
}

/* Cosignatures have names that are not the log's, and begin with their time. *ret_newest: of the last of them, 0: there is none. */
static json_t *witnesses_json(struct cx *cx, const struct published *p, msec *ret_newest)
{
        json_t *list = json_array();

        *ret_newest = 0;
        for (size_t i = 0; i < p->parsed->count; i++) {
                const struct note_signature *s = &p->parsed->signatures[i];
                int64_t seconds = 0;
                bool known;
                json_t *one;

                if (str_equal(s->name, p->head.origin))
                        continue;
                for (size_t b = 0; s->bytes.n == 8 + ED25519_SIGNATURE_SIZE && b < 8; b++)
                        seconds = seconds << 8 | (uint8_t)s->bytes.p[b];
                known = seconds > 0 && seconds < INT64_MAX / 1000;
                if (known && seconds * 1000 > *ret_newest)
                        *ret_newest = seconds * 1000;
                one = json_set(json_object(), "name", json_str(s->name));
                json_set(one, "at", known ? json_str(clock_rfc3339(cx->mem, seconds * 1000)) : json_null());
                must(json_array_append_new(list, one) == 0);
        }
        return list;
}

/* What witnesses said last, whichever checkpoint it was about: `daicho log witness` checked it and keeps it beside the log. Null: nobody was asked. */
static json_t *witness_json(struct cx *cx, const struct head_tree_row *t)
{
        for (int64_t g = t->generation; g > 0 && g > t->generation - GENERATIONS_MAX; g--) {
                struct published newest, p;
                json_t *m, *list;
                msec at;

                if (published_open(cx, t->part, g, &newest) != RC_OK || str_absent(newest.note)) {
                        fail_clear(cx);
                        continue;
                }
                published_cosigned(cx, &newest, &p);
                if (str_absent(p.note))
                        continue;
                list = witnesses_json(cx, &p, &at);
                if (at == 0)
                        continue;
                m = json_set(json_set(json_object(), "witnesses", list), "at", json_str(clock_rfc3339(cx->mem, at)));
                json_set(m, "size", json_integer(p.head.size));
                json_set(m, "old", json_boolean(cx->now - at > WITNESS_LATE));
                return m;
        }
        return json_null();
}

static const char *seal_state(const struct cx *cx, const struct head_tree_row *t, const struct published *p)
{
        msec since = cx->now - t->signed_at;

        if (!str_absent(t->refused) || (!str_absent(p->note) && !p->signed_))
                return "stopped";
        if (str_absent(p->note) || t->signed_at_null)
                return "empty";
        return since > SIGN_LATE || (t->waiting > 0 && since > SEAL_LATE) ? "late" : "sealed";
}

static str address(struct cx *cx, str part, int64_t generation)
{
        return str_format(cx->mem, "/seal/%.*s/%" PRId64, STR_ARG(part), generation);
}

static rc log_json(struct cx *cx, const struct head_tree_row *t, json_t **ret)
{
        json_t *m = json_object(), *keys = json_array(), *before = json_array();
        struct published p;

        TRY(published_open(cx, t->part, t->generation, &p));
        json_set(m, "part", json_str(t->part));
        json_set(m, "size", str_absent(p.note) ? json_null() : json_integer(p.head.size));
        json_set(m, "waiting", json_integer(t->waiting));
        json_set(m, "refused", json_str(t->refused));
        json_set(m, "state", json_str(str_of(seal_state(cx, t, &p))));
        json_set(m, "signed_at", t->signed_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, t->signed_at)));
        for (size_t i = 0; i < p.keys; i++)
                must(json_array_append_new(keys, json_str(p.vkey[i])) == 0);
        for (int64_t g = t->generation - 1; g > 0 && g > t->generation - GENERATIONS_MAX; g--)
                must(json_array_append_new(before, json_str(address(cx, t->part, g))) == 0);
        json_set(m, "keys", keys);
        json_set(m, "before", before);
        if (!str_absent(p.note)) {
                json_set(m, "address", json_str(address(cx, t->part, t->generation)));
                json_set(m, "origin", json_str(p.head.origin));
                json_set(m, "root", json_str(crypto_base64(cx->mem, p.head.root.b, MERKLE_SIZE)));
                json_set(m, "checkpoint", json_str(p.note));
                json_set(m, "signed", json_boolean(p.signed_));
        }
        *ret = m;
        return RC_OK;
}

rc head_model(struct cx *cx, json_t **ret)
{
        json_t *model = json_object(), *log, *house, *witness;
        struct head_tree_row *own, *all;

        TRY(sql_head_tree(cx, false, &own));
        TRY(sql_head_tree(cx, true, &all));
        TRY(log_json(cx, own, &log));
        TRY(log_json(cx, all, &house));
        witness = witness_json(cx, own);
        /* the house's log takes in the heads of all others: who cosigns it vouches for them */
        if (json_is_null(witness)) {
                witness = witness_json(cx, all);
                if (json_is_object(witness))
                        json_set(witness, "house", json_true());
        }
        json_set(model, "log", log);
        json_set(model, "house", house);
        json_set(model, "witness", witness);
        *ret = model;
        return RC_OK;
}

rc head_bundle(struct cx *cx, str name)
{
        str rest, part = str_cut(name, '/', &rest), generation = str_absent(rest) ? STR_NONE : str_cut(rest, '/', &rest);
        struct head_tree_row *tree;
        struct tile tile;
        int64_t g;

        TRY(sql_head_tree(cx, false, &tree));
        if (!str_equal(part, tree->part) || !checkpoint_number(generation, &g) || g < 1 || str_absent(rest) || !tile_path_read(rest, &tile) ||
            tile.level != TILE_ENTRIES || !published_holds(cx, name))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such bundle of entries");
        return RC_OK;
}

rc head_list(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct head_row *heads;
        size_t count;

        TRY(sql_head_list(cx, &heads, &count));
        for (size_t i = 0; i < count; i++) {
                const struct head_row *h = &heads[i];
                json_t *m = json_object();

                json_set(m, "tenant", json_str(h->tenant));
                json_set(m, "origin", json_str(h->origin));
                json_set(m, "size", json_integer(h->size));
                json_set(m, "signed_at", h->signed_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, h->signed_at)));
                json_set(m, "refused", json_str(h->refused));
                must(json_array_append_new(list, m) == 0);
        }
        *ret = list;
        return RC_OK;
}

rc head_now(struct cx *cx, msec *ret)
{
        return sql_head_now(cx, ret);
}
