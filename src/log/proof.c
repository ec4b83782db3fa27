/* proof.c - see proof.h. */
#include "base/house.h"

#include "log/proof.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "log/head.h"
#include "log/leaf.h"
#include "log/log.h"
#include "log/proof.sql.h"
#include "log/published.h"
#include "log/receipt.h"
#include "log/tile.h"

enum state {
        WAITING, /* not sealed yet, or sealed under no checkpoint yet: log and receipt mean nothing */
        PROVEN,
        BROKEN, /* the row is not what was sealed, or the checkpoint is not signed by the log */
};

struct proof {
        enum state state;
        str entry; /* its bytes (leaf.h) */
        struct merkle_hash leaf;
        struct published log;   /* the checkpoint that proves it: one that witnesses have cosigned when that holds the entry, else the newest */
        struct receipt receipt; /* with the entry as `extra` */
};

/* Under a checkpoint that witnesses have cosigned the proof says more; it is older than the newest, and need not hold the entry yet. */
static rc log_choose(struct cx *cx, const struct proof_row *e, struct published *ret)
{
        struct published newest, cosigned;

        TRY(published_open(cx, e->part, e->generation, &newest));
        *ret = newest;
        if (str_absent(newest.note))
                return RC_OK;
        published_cosigned(cx, &newest, &cosigned);
        if (!str_absent(cosigned.note) && cosigned.head.size > e->index)
                *ret = cosigned;
        return RC_OK;
}

static str entry_of(struct cx *cx, const struct proof_row *e)
{
        struct leaf leaf = LEAF_OF(e);

        return leaf_write(cx->mem, &leaf);
}

static rc make(struct cx *cx, int64_t id, struct proof *ret)
{
        struct tile_tree *files = NEW(cx->mem, struct tile_tree);
        struct proof p = { .state = WAITING };
        struct merkle_reader reader;
        struct receipt *r = &p.receipt;
        struct proof_row *e;

        TRY(sql_proof_entry(cx, id, &e));
        if (e == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such entry in the log");
        p.entry = entry_of(cx, e);
        merkle_leaf(p.entry, &p.leaf);
        *ret = p;
        if (e->generation_null)
                return RC_OK;
        TRY(log_choose(cx, e, &p.log));
        if (str_absent(p.log.note) || e->index >= p.log.head.size)
                return RC_OK;
        *r = (struct receipt){ .extra = p.entry, .index = e->index, .note = p.log.note };
        *files = (struct tile_tree){ .size = p.log.head.size, .get = tile_file_get, .data = (void *)(uintptr_t)p.log.directory };
        reader = tile_reader(files);
        TRY(merkle_inclusion(cx, &reader, r->index, files->size, r->proof, &r->count));
        p.state = p.log.signed_ && merkle_inclusion_check(&p.leaf, r->index, files->size, r->proof, r->count, &p.log.head.root) ? PROVEN : BROKEN;
        *ret = p;
        return RC_OK;
}

static json_t *hash_json(struct cx *cx, const struct merkle_hash *hash)
{
        return json_str(crypto_base64(cx->mem, hash->b, MERKLE_SIZE));
}

/* The walk of RFC 9162 2.1.3.2, each step written down. */
static json_t *path_json(struct cx *cx, const struct proof *p)
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
        static const char *const states[] = { [WAITING] = "waiting", [PROVEN] = "proven", [BROKEN] = "broken" };
        json_t *m = json_object();
        struct proof p;

        TRY(make(cx, id, &p));
        json_set(m, "state", json_str(str_of(states[p.state])));
        json_set(m, "leaf", hash_json(cx, &p.leaf));
        json_set(m, "entry", json_str(p.entry));
        if (p.state != WAITING) {
                json_set(m, "origin", json_str(p.log.head.origin));
                json_set(m, "index", json_integer(p.receipt.index));
                json_set(m, "size", json_integer(p.log.head.size));
                json_set(m, "root", hash_json(cx, &p.log.head.root));
                json_set(m, "checkpoint", json_str(p.log.note));
                json_set(m, "signed", json_boolean(p.log.signed_));
                json_set(m, "path", path_json(cx, &p));
        }
        *ret = m;
        return RC_OK;
}

rc proof_receipt(struct cx *cx, int64_t id, str *ret)
{
        struct proof p;

        TRY(make(cx, id, &p));
        if (p.state == WAITING)
                return fail(cx, RC_CONFLICT, NULL, "this entry has not been sealed yet; please try again in a moment");
        if (p.state == BROKEN)
                return fail(cx, RC_CONFLICT, NULL, "this entry is not the one that was sealed");
        *ret = receipt_write(cx->mem, &p.receipt);
        return RC_OK;
}

/* A receipt that somebody brings ------------------------------------------------------------------------------------------------------------ */

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
        struct published p;
        struct proof_row *row;
        bool grown;

        TRY(head_find(cx, head->origin, &p));
        *ret = str_absent(p.note) ? "foreign" : "forged";
        if (str_absent(p.note) || p.keys == 0 || !receipt_holds(cx, receipt, &p))
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
