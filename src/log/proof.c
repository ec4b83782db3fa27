/* proof.c - see proof.h. */
#include "base/house.h"

#include "log/proof.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "log/checkpoint.h"
#include "log/leaf.h"
#include "log/log.h"
#include "log/proof.sql.h"
#include "log/receipt.h"

#include <unistd.h>

enum { KEYS_MAX = 8, GENERATIONS_MAX = 50 };
/* A log that is written is signed every few seconds, one that is quiet every hour; witnesses are asked every hour. Then something has stopped: */
#define SEAL_LATE    (15 * CLOCK_MINUTE)
#define SIGN_LATE    (2 * CLOCK_HOUR)
#define WITNESS_LATE CLOCK_DAY

static const char *logs;

void proof_start(const char *directory)
{
        logs = directory;
}

/* One generation of a log as its files tell it. */
struct published {
        const char *directory;
        str bytes; /* of the checkpoint; absent: none yet */
        struct note *note;
        struct checkpoint head;
        str vkey[KEYS_MAX];
        struct note_key key[KEYS_MAX];
        size_t keys;
        bool signed_;
};

static rc keys_open(struct cx *cx, struct published *p)
{
        str text, rest;

        TRY(file_read(cx, str_format(cx->mem, "%s/keys", p->directory).p, KB(64), &text));
        rest = text;
        while (rest.n > 0 && p->keys < KEYS_MAX) {
                str line = str_cut(rest, '\n', &rest);

                TRY(note_key_read(cx, line, &p->key[p->keys]));
                p->vkey[p->keys++] = line;
        }
        return RC_OK;
}

static rc published_open(struct cx *cx, str part, int64_t generation, struct published *ret)
{
        struct published p = { .directory = str_format(cx->mem, "%s/%.*s/%" PRId64, logs, STR_ARG(part), generation).p };
        struct note_seal seal[KEYS_MAX] = { 0 };
        rc result = file_read(cx, str_format(cx->mem, "%s/checkpoint", p.directory).p, NOTE_MAX, &p.bytes);

        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                p.bytes = STR_NONE;
                *ret = p;
                return RC_OK;
        }
        TRY(result);
        TRY(note_read(cx, p.bytes, &p.note));
        TRY(checkpoint_read(cx, p.note->text, &p.head));
        TRY(keys_open(cx, &p));
        result = note_check(cx, p.note, p.key, p.keys, seal);
        if (result == RC_FORGED)
                fail_clear(cx);
        else
                TRY(result);
        for (size_t i = 0; i < p.keys; i++)
                p.signed_ = p.signed_ || (result == RC_OK && seal[i].signed_);
        *ret = p;
        return RC_OK;
}

static json_t *hash_json(struct cx *cx, const struct merkle_hash *hash)
{
        return json_str(crypto_base64(cx->mem, hash->b, MERKLE_SIZE));
}

enum state { WAITING, PROVEN, BROKEN };

/* One entry and what leads from it to the root. */
struct proven {
        enum state state;
        struct published log;
        str entry;
        struct merkle_hash leaf;
        struct receipt receipt;
};

static str entry_of(struct cx *cx, const struct proof_row *e)
{
        struct leaf leaf = { .number = e->id,
                             .time_us = e->time_us,
                             .actor_kind = e->actor_kind,
                             .actor_id = e->actor_id,
                             .actor = e->actor,
                             .groups = e->groups,
                             .source = e->source,
                             .verb = e->verb,
                             .kind = e->kind,
                             .has_subject = !e->subject_id_null,
                             .subject = e->subject_id,
                             .result = e->result,
                             .commitment = e->commitment };

        return leaf_write(cx->mem, &leaf);
}

static rc prove(struct cx *cx, int64_t id, struct proven *ret)
{
        struct proof_tree_row *tree;
        struct proof_row *e;
        struct tile_tree files = { .get = tile_file_get };
        struct merkle_reader reader;
        struct receipt *r = &ret->receipt;

        TRY(sql_proof_entry(cx, id, &e));
        if (e == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such entry in the log");
        TRY(sql_proof_tree(cx, false, &tree));
        *ret = (struct proven){ .state = WAITING, .entry = entry_of(cx, e) };
        merkle_leaf(ret->entry, &ret->leaf);
        if (!e->seated)
                return RC_OK;
        TRY(published_open(cx, tree->part, e->generation, &ret->log));
        r->index = e->index;
        if (str_absent(ret->log.bytes) || r->index >= ret->log.head.size)
                return RC_OK;
        files.size = ret->log.head.size;
        files.data = (void *)(uintptr_t)ret->log.directory;
        reader = tile_reader(&files);
        TRY(merkle_inclusion(cx, &reader, r->index, files.size, r->proof, &r->count));
        r->extra = ret->entry;
        r->note = ret->log.bytes;
        ret->state =
            ret->log.signed_ && merkle_inclusion_check(&ret->leaf, r->index, files.size, r->proof, r->count, &ret->log.head.root) ? PROVEN : BROKEN;
        return RC_OK;
}

/* The walk of RFC 9162 2.1.3.2, each step written down. */
static json_t *path_json(struct cx *cx, const struct proven *p)
{
        int64_t at = p->receipt.index, last = p->log.head.size - 1;
        struct merkle_hash now = p->leaf;
        json_t *list = json_array();

        for (size_t i = 0; i < p->receipt.count; i++) {
                const struct merkle_hash *other = &p->receipt.proof[i];
                bool left = (at & 1) == 1 || at == last;
                json_t *step = json_object();

                if (left) {
                        merkle_node(other, &now, &now);
                        for (; (at & 1) == 0 && at != 0; at >>= 1)
                                last >>= 1;
                } else {
                        merkle_node(&now, other, &now);
                }
                at >>= 1;
                last >>= 1;
                json_set(step, "side", json_str(left ? S("left") : S("right")));
                json_set(step, "left", json_boolean(left));
                json_set(step, "hash", hash_json(cx, other));
                json_set(step, "result", hash_json(cx, &now));
                must(json_array_append_new(list, step) == 0);
        }
        return list;
}

rc proof_model(struct cx *cx, int64_t id, json_t **ret)
{
        static const char *const states[] = { "waiting", "proven", "broken" };
        json_t *m = json_object();
        struct proven p;

        TRY(prove(cx, id, &p));
        json_set(m, "state", json_str(str_of(states[p.state])));
        json_set(m, "leaf", hash_json(cx, &p.leaf));
        json_set(m, "entry", json_str(p.entry));
        if (p.state != WAITING) {
                json_set(m, "origin", json_str(p.log.head.origin));
                json_set(m, "index", json_integer(p.receipt.index));
                json_set(m, "size", json_integer(p.log.head.size));
                json_set(m, "root", hash_json(cx, &p.log.head.root));
                json_set(m, "checkpoint", json_str(p.log.bytes));
                json_set(m, "signed", json_boolean(p.log.signed_));
                json_set(m, "path", path_json(cx, &p));
        }
        *ret = m;
        return RC_OK;
}

rc proof_receipt(struct cx *cx, int64_t id, str *ret)
{
        struct proven p;

        TRY(prove(cx, id, &p));
        if (p.state == WAITING)
                return fail(cx, RC_CONFLICT, NULL, "this entry has not been sealed yet; please try again in a moment");
        if (p.state == BROKEN)
                return fail(cx, RC_CONFLICT, NULL, "this entry is not the one that was sealed");
        *ret = receipt_write(cx->mem, &p.receipt);
        return RC_OK;
}

/* Cosignatures have names that are not the log's. *ret_newest: when the last of them was made, 0: there is none. */
static json_t *witnesses_json(struct cx *cx, const struct note *note, str origin, msec *ret_newest)
{
        json_t *list = json_array();

        *ret_newest = 0;
        for (size_t i = 0; i < note->count; i++) {
                const struct note_signature *s = &note->signatures[i];
                int64_t seconds = 0;
                json_t *one;

                if (str_equal(s->name, origin))
                        continue;
                one = json_set(json_object(), "name", json_str(s->name));
                for (size_t b = 0; s->bytes.n == 8 + ED25519_SIGNATURE_SIZE && b < 8; b++)
                        seconds = seconds << 8 | (uint8_t)s->bytes.p[b];
                json_set(one, "at", seconds > 0 && seconds < INT64_MAX / 1000 ? json_str(clock_rfc3339(cx->mem, seconds * 1000)) : json_null());
                if (seconds > 0 && seconds < INT64_MAX / 1000 && seconds * 1000 > *ret_newest)
                        *ret_newest = seconds * 1000;
                must(json_array_append_new(list, one) == 0);
        }
        return list;
}

/* What witnesses said last, whichever checkpoint it was about: `daicho log witness` checked it and keeps it beside the log. Null: nobody was asked. */
static json_t *witness_json(struct cx *cx, const struct proof_tree_row *t)
{
        for (int64_t g = t->generation; g > 0 && g > t->generation - GENERATIONS_MAX; g--) {
                const char *path = str_format(cx->mem, "%s/%.*s/%" PRId64 "/cosigned", logs, STR_ARG(t->part), g).p;
                struct checkpoint head;
                struct note *note;
                json_t *m, *list;
                msec at;
                str bytes;

                if (file_read(cx, path, NOTE_MAX, &bytes) != RC_OK || note_read(cx, bytes, &note) != RC_OK ||
                    checkpoint_read(cx, note->text, &head) != RC_OK) {
                        fail_clear(cx);
                        continue;
                }
                list = witnesses_json(cx, note, head.origin, &at);
                if (at == 0)
                        continue;
                m = json_set(json_set(json_object(), "witnesses", list), "at", json_str(clock_rfc3339(cx->mem, at)));
                json_set(m, "size", json_integer(head.size));
                json_set(m, "old", json_boolean(cx->now - at > WITNESS_LATE));
                return m;
        }
        return json_null();
}

static const char *seal_state(const struct cx *cx, const struct proof_tree_row *t, const struct published *p)
{
        msec since = cx->now - t->signed_at;

        if (!str_absent(t->refused) || (!str_absent(p->bytes) && !p->signed_))
                return "stopped";
        if (str_absent(p->bytes) || t->signed_at_null)
                return "empty";
        return since > SIGN_LATE || (t->waiting > 0 && since > SEAL_LATE) ? "late" : "sealed";
}

static rc log_json(struct cx *cx, const struct proof_tree_row *t, json_t **ret)
{
        json_t *m = json_object(), *keys = json_array(), *before = json_array();
        struct published p;

        TRY(published_open(cx, t->part, t->generation, &p));
        json_set(m, "size", str_absent(p.bytes) ? json_null() : json_integer(p.head.size));
        json_set(m, "waiting", json_integer(t->waiting));
        json_set(m, "refused", json_str(t->refused));
        json_set(m, "state", json_str(str_of(seal_state(cx, t, &p))));
        json_set(m, "signed_at", t->signed_at_null ? json_null() : json_str(clock_rfc3339(cx->mem, t->signed_at)));
        json_set(m, "part", json_str(t->part));
        for (int64_t g = t->generation - 1; g > 0 && g > t->generation - GENERATIONS_MAX; g--)
                must(json_array_append_new(before, json_str(str_format(cx->mem, "/seal/%.*s/%" PRId64, STR_ARG(t->part), g))) == 0);
        json_set(m, "before", before);
        json_set(m, "keys", keys);
        if (!str_absent(p.bytes)) {
                msec newest;
                json_t *witnesses = witnesses_json(cx, p.note, p.head.origin, &newest);

                for (size_t i = 0; i < p.keys; i++)
                        must(json_array_append_new(keys, json_str(p.vkey[i])) == 0);
                json_set(m, "origin", json_str(p.head.origin));
                json_set(m, "root", hash_json(cx, &p.head.root));
                json_set(m, "checkpoint", json_str(p.bytes));
                json_set(m, "signed", json_boolean(p.signed_));
                json_set(m, "address", json_str(str_format(cx->mem, "/seal/%.*s/%" PRId64, STR_ARG(t->part), t->generation)));
                json_set(m, "witnesses", witnesses);
                json_set(m, "witnessed", json_boolean(json_array_size(witnesses) > 0));
        }
        *ret = m;
        return RC_OK;
}

rc proof_log(struct cx *cx, json_t **ret)
{
        json_t *model = json_object(), *one, *witness;
        struct proof_tree_row *tree;

        TRY(sql_proof_tree(cx, false, &tree));
        TRY(log_json(cx, tree, &one));
        witness = witness_json(cx, tree);
        json_set(model, "log", one);
        TRY(sql_proof_tree(cx, true, &tree));
        TRY(log_json(cx, tree, &one));
        json_set(model, "house", one);
        /* the house's log takes in the heads of all others: who cosigns it vouches for them */
        if (json_is_null(witness)) {
                witness = witness_json(cx, tree);
                if (json_is_object(witness))
                        json_set(witness, "house", json_true());
        }
        json_set(model, "witness", witness);
        *ret = model;
        return RC_OK;
}

/* A receipt that somebody brings ------------------------------------------------------------------------------------------------------------ */

/* The generation of this contract's log that calls itself `origin`. */
static rc generation_find(struct cx *cx, str origin, struct published *ret, bool *ret_found)
{
        struct proof_tree_row *tree;

        *ret_found = false;
        TRY(sql_proof_tree(cx, false, &tree));
        for (int64_t g = tree->generation; g > 0 && g > tree->generation - GENERATIONS_MAX && !*ret_found; g--) {
                TRY(published_open(cx, tree->part, g, ret));
                *ret_found = !str_absent(ret->bytes) && str_equal(ret->head.origin, origin);
        }
        return RC_OK;
}

/* Signed by a key of the log, and it leads to the signed root? */
static bool receipt_holds(struct cx *cx, const struct receipt *receipt, const struct published *p)
{
        struct trust *trust = trust_of(cx->mem, &p->key[0]);
        struct checkpoint head;
        bool holds;

        for (size_t i = 0; i < p->keys && i < TRUST_MAX; i++)
                trust->log[i].key = p->key[i];
        trust->log_count = p->keys;
        holds = receipt_check(cx, receipt, trust, receipt->extra, &head, NULL) == RC_OK;
        if (!holds)
                fail_clear(cx);
        return holds;
}

/* Has the log of today grown out of that checkpoint? */
static rc grown_out_of(struct cx *cx, const struct published *p, const struct checkpoint *old, bool *ret)
{
        struct tile_tree files = { .size = p->head.size, .get = tile_file_get, .data = (void *)(uintptr_t)p->directory };
        struct merkle_reader reader = tile_reader(&files);
        struct merkle_hash root;

        *ret = false;
        if (old->size > p->head.size)
                return RC_OK;
        TRY(merkle_root_at(cx, &reader, old->size, &root));
        *ret = merkle_equal(&root, &old->root);
        return RC_OK;
}

static rc receipt_state(struct cx *cx, const struct receipt *receipt, const struct checkpoint *head, const struct leaf *leaf, const char **ret)
{
        struct published p = { .keys = 0 };
        struct proof_row *row;
        bool found, grown;

        TRY(generation_find(cx, head->origin, &p, &found));
        *ret = !found ? "foreign" : "forged";
        if (!found || p.keys == 0 || !receipt_holds(cx, receipt, &p))
                return RC_OK;
        TRY(grown_out_of(cx, &p, head, &grown));
        *ret = "forked";
        if (!grown)
                return RC_OK;
        TRY(sql_proof_entry(cx, leaf->number, &row));
        *ret = row != NULL && str_equal(entry_of(cx, row), receipt->extra) ? "genuine" : "changed";
        return RC_OK;
}

rc proof_check(struct cx *cx, str bytes, json_t **ret)
{
        json_t *m = json_object(), *entry;
        struct checkpoint head;
        struct receipt *receipt;
        struct note *note;
        struct leaf leaf;
        const char *state;

        if (receipt_read(cx, bytes, &receipt) != RC_OK || note_read(cx, receipt->note, &note) != RC_OK ||
            checkpoint_read(cx, note->text, &head) != RC_OK || str_absent(receipt->extra) || leaf_read(cx, receipt->extra, &leaf) != RC_OK) {
                fail_clear(cx);
                return fail(cx, RC_INVALID, "file", "this file is no receipt of an operation log (.tlog-proof)");
        }
        TRY(receipt_state(cx, receipt, &head, &leaf, &state));
        TRY(log_told(cx, &leaf, &entry));
        json_set(m, "state", json_str(str_of(state)));
        json_set(m, "origin", json_str(head.origin));
        json_set(m, "index", json_integer(receipt->index));
        json_set(m, "size", json_integer(head.size));
        json_set(m, "entry", entry);
        *ret = m;
        return RC_OK;
}

rc proof_bundle(struct cx *cx, str name)
{
        str rest, part = str_cut(name, '/', &rest), generation = str_absent(rest) ? STR_NONE : str_cut(rest, '/', &rest);
        struct proof_tree_row *tree;
        struct tile tile;
        int64_t g;

        TRY(sql_proof_tree(cx, false, &tree));
        if (!str_equal(part, tree->part) || !checkpoint_number(generation, &g) || g < 1 || str_absent(rest) || !tile_path_read(rest, &tile) ||
            tile.level != TILE_ENTRIES || access(str_format(cx->mem, "%s/%.*s", logs, STR_ARG(name)).p, R_OK) != 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such bundle of entries");
        return RC_OK;
}

rc proof_trees(struct cx *cx, json_t **ret)
{
        json_t *list = json_array();
        struct proof_head *heads;
        size_t count;

        TRY(sql_proof_trees(cx, &heads, &count));
        for (size_t i = 0; i < count; i++) {
                const struct proof_head *h = &heads[i];
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

rc proof_now(struct cx *cx, msec *ret)
{
        return sql_proof_now(cx, ret);
}
