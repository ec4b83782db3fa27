/* sealer.c - see sealer.h. Everything is read again each round: nothing a crash could lose is kept in this process. */
#include "base/house.h"

#include "log/sealer.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "db/db.h"
#include "log/checkpoint.h"
#include "log/keyring.h"
#include "log/leaf.h"
#include "log/memo.h"
#include "log/seal.sql.h"
#include "log/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { BATCH = 4096, BATCHES_MAX = 256, ROUND_MS = 500, TROUBLE_MS = 2000, REFUSED_MS = 5000, LINK_MAX = 20000, CLOSE_DEPTH = 8 };

static const char restart_file[] = "restart";

/* One round. */
struct work {
        const struct sealer *sealer;
        msec now;
        struct keyring *ring;
        str order;  /* why refused trees may begin anew; absent: they may not */
        bool check; /* a new connection: everything is compared, idle trees too; of a refused tree always */
        bool trouble;
};

/* Up to BATCH leaves in a row, as the database notes them. */
struct batch {
        int64_t first, count, id;
        char xid[24];
};

static const char *path_of(struct cx *cx, const char *directory, str name)
{
        return str_format(cx->mem, "%s/%.*s", directory, STR_ARG(name)).p;
}

static const char *log_path(struct cx *cx, const struct work *w, str part, int64_t generation)
{
        return str_format(cx->mem, "%s/%.*s/%" PRId64, w->sealer->logs, STR_ARG(part), generation).p;
}

static str origin_of(struct cx *cx, const struct work *w, str part, int64_t generation)
{
        return str_format(cx->mem, "%.*s/seal/%.*s/%" PRId64, STR_ARG(w->sealer->host), STR_ARG(part), generation);
}

static str leaf_of(struct cx *cx, const struct seal_entry *e)
{
        struct leaf leaf = LEAF_OF(e);

        return str_absent(e->body) ? leaf_write(cx->mem, &leaf) : e->body;
}

static void batch_end(struct batch *batch, const struct seal_entry *last)
{
        must(last->xid.n < sizeof(batch->xid));
        memcpy(batch->xid, last->xid.p, last->xid.n);
        batch->xid[last->xid.n] = '\0';
        batch->id = last->id;
}

/* In one transaction, so that the database never holds a part of a round. */
static rc batches_note(struct cx *cx, str part, int64_t generation, const struct batch *list, size_t count)
{
        rc result = RC_OK;

        if (count == 0)
                return RC_OK;
        db_begin(cx);
        for (size_t i = 0; i < count && result == RC_OK; i++) {
                bool taken = false;

                result = sql_seal_write(cx, part, generation, list[i].first, list[i].count, str_of(list[i].xid), list[i].id, &taken);
                if (result == RC_OK && !taken)
                        result = fail(cx, RC_CONFLICT, NULL, "the database does not know this log up to entry %" PRId64, list[i].first);
        }
        if (result == RC_OK)
                return db_commit(cx);
        db_rollback(cx);
        return result;
}

/* Does it agree? ---------------------------------------------------------------------------------------------------------------------- */

static rc rolled_back(struct cx *cx, const struct memo *memo, int64_t known)
{
        return fail(cx, RC_CONFLICT, NULL,
                    "the database was set back: of the %" PRId64 " entries sealed in %.*s it has the first %" PRId64 " at most", memo->size,
                    STR_ARG(memo->origin), known);
}

/* The database is behind what was sealed: a crash before it was told, if the entries are still there and still the same. */
static rc catch_up(struct cx *cx, const struct work *w, struct seal_tree_row *t, const struct memo *memo)
{
        struct tile_tree files = { .size = memo->size, .get = tile_file_get, .data = (void *)(uintptr_t)log_path(cx, w, t->part, memo->generation) };
        struct batch *list = NEW_ARRAY(cx->mem, struct batch, BATCHES_MAX);
        int64_t at = t->size, id = t->last_id;
        str xid = t->last_xid;
        size_t count = 0;

        while (at < memo->size) {
                int64_t wanted = memo->size - at < BATCH ? memo->size - at : BATCH;
                struct seal_entry *e;
                size_t found;

                TRY(sql_seal_read(cx, t->part, xid, id, wanted, &e, &found));
                if (found == 0 || count == BATCHES_MAX)
                        return rolled_back(cx, memo, at);
                for (size_t i = 0; i < found; i++) {
                        struct merkle_hash ours, sealed;

                        merkle_leaf(leaf_of(cx, &e[i]), &ours);
                        TRY(tile_hash(cx, &files, 0, at + (int64_t)i, &sealed));
                        if (!merkle_equal(&ours, &sealed))
                                return rolled_back(cx, memo, at + (int64_t)i);
                }
                list[count] = (struct batch){ .first = at, .count = (int64_t)found };
                batch_end(&list[count], &e[found - 1]);
                xid = str_of(list[count].xid);
                id = list[count].id;
                at += (int64_t)found;
                count++;
        }
        if (!str_equal(xid, memo->xid) || id != memo->id)
                return rolled_back(cx, memo, at);
        TRY(batches_note(cx, t->part, memo->generation, list, count));
        t->size = memo->size;
        t->last_xid = memo->xid;
        t->last_id = memo->id;
        return RC_OK;
}

/* The newest entry sealed is still there and still the same. */
static rc last_check(struct cx *cx, const struct work *w, const struct seal_tree_row *t, const struct memo *memo)
{
        struct tile_tree files = { .size = memo->size, .get = tile_file_get, .data = (void *)(uintptr_t)log_path(cx, w, t->part, memo->generation) };
        struct merkle_hash ours, sealed;
        struct seal_entry *e;
        size_t found;

        if (memo->size == (str_absent(memo->link) ? 0 : 1))
                return RC_OK;
        TRY(sql_seal_read(cx, t->part, memo->xid, memo->id - 1, 1, &e, &found));
        if (found != 1 || e->id != memo->id || !str_equal(e->xid, memo->xid))
                return rolled_back(cx, memo, memo->size - 1);
        merkle_leaf(leaf_of(cx, e), &ours);
        TRY(tile_hash(cx, &files, 0, memo->size - 1, &sealed));
        if (!merkle_equal(&ours, &sealed))
                return fail(cx, RC_CONFLICT, NULL, "the newest entry sealed in %.*s is not the one in the database any more", STR_ARG(memo->origin));
        return RC_OK;
}

static rc agree(struct cx *cx, const struct work *w, struct seal_tree_row *t, const struct memo *memo)
{
        if (memo->generation != t->generation)
                return fail(cx, RC_CONFLICT, NULL, "the database speaks of %.*s/%" PRId64 ", but what was sealed last is %.*s", STR_ARG(t->part),
                            t->generation, STR_ARG(memo->origin));
        if (t->size > memo->size)
                return fail(cx, RC_CONFLICT, NULL,
                            "the sealer's own memory was set back: it knows %" PRId64 " entries of %.*s, the database %" PRId64, memo->size,
                            STR_ARG(memo->origin), t->size);
        if (t->size < memo->size)
                TRY(catch_up(cx, w, t, memo));
        if (!str_equal(t->last_xid, memo->xid) || t->last_id != memo->id)
                return rolled_back(cx, memo, t->size);
        return w->check || !str_absent(t->refused) ? last_check(cx, w, t, memo) : RC_OK;
}

/* A new generation -------------------------------------------------------------------------------------------------------------------- */

static str utc(struct cx *cx, msec at)
{
        return clock_rfc3339(cx->mem, at);
}

/* The first leaf of a generation that continues another: what was published last, and why there is a break. */
static rc link_make(struct cx *cx, const struct work *w, str part, int64_t generation, str reason, str *ret)
{
        struct buf b = buf_open(cx->mem, LINK_MAX);
        str note = S("");

        if (file_read(cx, path_of(cx, log_path(cx, w, part, generation), S("checkpoint")), NOTE_MAX, &note) != RC_OK)
                fail_clear(cx);
        buf_format(&b, "daicho-restart/v1\nprevious %.*s\ntime %.*s\nreason %.*s\n\n", STR_ARG(origin_of(cx, w, part, generation)),
                   STR_ARG(utc(cx, w->now)), STR_ARG(reason));
        buf_add(&b, note);
        if (buf_full(&b))
                return fail(cx, RC_TOO_LARGE, NULL, "the last checkpoint of %.*s is too large", STR_ARG(part));
        *ret = buf_str(&b);
        return RC_OK;
}

/* From its memory on, whatever was done of it before a crash. */
static rc restart_finish(struct cx *cx, const struct work *w, struct seal_tree_row *t, struct memo *memo)
{
        const char *path = path_of(cx, w->sealer->memory, t->part);

        if (memo->size == 0) {
                struct tree *tree;

                TRY(tree_open(cx, log_path(cx, w, t->part, memo->generation), 0, &memo->root, &tree));
                TRY(tree_add(cx, tree, memo->link));
                TRY(tree_flush(cx, tree));
                memo->size = 1;
                tree_root(tree, &memo->root);
                TRY(memo_write(cx, path, memo));
        }
        TRY(sql_seal_restart(cx, t->part, memo->generation, 1));
        TRY(sql_seal_note_write(cx, S("restart"), memo->link));
        t->generation = memo->generation;
        t->size = 1;
        return RC_OK;
}

static rc restart(struct cx *cx, const struct work *w, struct seal_tree_row *t, struct memo *memo, bool known)
{
        int64_t old = known && memo->generation > t->generation ? memo->generation : t->generation;
        int64_t generation = old + 1;

        while (access(log_path(cx, w, t->part, generation), F_OK) == 0)
                generation++;
        *memo = (struct memo){ .origin = origin_of(cx, w, t->part, generation), .generation = generation, .xid = t->last_xid, .id = t->last_id };
        merkle_empty(&memo->root);
        TRY(link_make(cx, w, t->part, old, w->order, &memo->link));
        TRY(memo_write(cx, path_of(cx, w->sealer->memory, t->part), memo));
        (void)fprintf(stderr, "daicho: sealer: %.*s begins anew as %.*s: %.*s\n", STR_ARG(t->part), STR_ARG(memo->origin), STR_ARG(w->order));
        return restart_finish(cx, w, t, memo);
}

/* Its memory of this tree; of a new tree an empty one. */
static rc remember(struct cx *cx, const struct work *w, struct seal_tree_row *t, struct memo *memo, bool *ret_known)
{
        const char *path = path_of(cx, w->sealer->memory, t->part);
        rc result = memo_read(cx, path, memo);

        *ret_known = result == RC_OK;
        if (result == RC_OK) {
                /* a restart that was cut short */
                if (memo->generation > t->generation && memo->size <= 1 && !str_absent(memo->link))
                        return restart_finish(cx, w, t, memo);
                return agree(cx, w, t, memo);
        }
        if (result != RC_UNKNOWN)
                return result;
        fail_clear(cx);
        if (t->size != 0 || t->generation != 1 || access(log_path(cx, w, t->part, 1), F_OK) == 0)
                return fail(cx, RC_CONFLICT, NULL, "the sealer's own memory of %.*s is gone", STR_ARG(origin_of(cx, w, t->part, t->generation)));
        *memo = (struct memo){ .origin = origin_of(cx, w, t->part, 1), .generation = 1, .xid = S("0") };
        merkle_empty(&memo->root);
        TRY(memo_write(cx, path, memo));
        *ret_known = true;
        return RC_OK;
}

/* Sealing ------------------------------------------------------------------------------------------------------------------------------ */

static rc grow(struct cx *cx, str part, struct tree *tree, struct memo *memo, struct batch *list, size_t *ret_count)
{
        size_t count = 0, found = BATCH;

        while (count < BATCHES_MAX && found == BATCH) {
                struct arena_mark mark = arena_mark(cx->mem);
                struct batch *batch = &list[count];
                struct seal_entry *e;

                TRY(sql_seal_read(cx, part, memo->xid, memo->id, BATCH, &e, &found));
                *batch = (struct batch){ .first = tree_size(tree), .count = (int64_t)found };
                for (size_t i = 0; i < found; i++) {
                        struct arena_mark leaf = arena_mark(cx->mem);

                        TRY(tree_add(cx, tree, leaf_of(cx, &e[i])));
                        arena_rewind(cx->mem, leaf);
                }
                if (found > 0) {
                        batch_end(batch, &e[found - 1]);
                        memo->xid = str_of(batch->xid);
                        memo->id = batch->id;
                        count++;
                }
                arena_rewind(cx->mem, mark);
        }
        *ret_count = count;
        return RC_OK;
}

/* Signatures of others under the same text: witnesses'. */
static void cosignatures_keep(struct buf *out, const struct note *old, str origin)
{
        for (size_t i = 0; i < old->count; i++)
                if (!str_equal(old->signatures[i].name, origin))
                        buf_add(out, old->signatures[i].line);
}

/* What stands there: absent when nothing was published yet. What was published beyond our memory is not continued. */
static rc published_read(struct cx *cx, const char *directory, const struct memo *memo, str *ret_bytes, struct note **ret_note)
{
        struct checkpoint last;
        rc result = file_read(cx, path_of(cx, directory, S("checkpoint")), NOTE_MAX, ret_bytes);

        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                *ret_bytes = STR_NONE;
                return RC_OK;
        }
        TRY(result);
        TRY(note_read(cx, *ret_bytes, ret_note));
        TRY(checkpoint_read(cx, (*ret_note)->text, &last));
        if (!str_equal(last.origin, memo->origin) || last.size > memo->size)
                return fail(cx, RC_CONFLICT, NULL, "the checkpoint in %s is not one of this log", directory);
        return tree_continues(cx, directory, last.size, &last.root, memo->size, &memo->root);
}

/* The keys to check it with, for everybody: a line each. */
static rc keys_publish(struct cx *cx, const struct work *w, const char *directory, str origin)
{
        const char *path = path_of(cx, directory, S("keys"));
        struct buf b = buf_open(cx->mem, KB(64));
        str old = STR_NONE, *vkeys;
        size_t count;

        vkeys = keyring_vkeys(cx->mem, w->ring, origin, w->now / 1000, &count);
        for (size_t i = 0; i < count; i++)
                buf_format(&b, "%.*s\n", STR_ARG(vkeys[i]));
        if (file_read(cx, path, KB(64), &old) != RC_OK)
                fail_clear(cx);
        return !str_absent(old) && str_equal(old, buf_str(&b)) ? RC_OK : file_write(cx, path, buf_str(&b), 0600);
}

static rc publish(struct cx *cx, const struct work *w, const struct seal_tree_row *t, const struct memo *memo)
{
        const char *directory = log_path(cx, w, t->part, memo->generation);
        struct checkpoint head = { .origin = memo->origin, .size = memo->size, .root = memo->root };
        str text = checkpoint_write(cx->mem, &head), old = STR_NONE;
        bool silent = w->now - t->signed_at >= CLOCK_HOUR || t->signed_at_null || w->now < t->signed_at;
        struct buf b = buf_open(cx->mem, NOTE_MAX);
        struct note *note = NULL;

        TRY(published_read(cx, directory, memo, &old, &note));
        buf_add(&b, keyring_sign(cx->mem, w->ring, memo->origin, text, w->now / 1000));
        if (note != NULL && str_equal(note->text, text))
                cosignatures_keep(&b, note, memo->origin);
        if (str_equal(buf_str(&b), old) && !silent)
                return str_absent(t->refused) ? RC_OK : sql_seal_tell(cx, t->part, memo->origin, false, STR_NONE);
        TRY(keys_publish(cx, w, directory, memo->origin));
        TRY(file_write(cx, path_of(cx, directory, S("checkpoint")), buf_str(&b), 0600));
        if (t->house)
                return sql_seal_tell(cx, t->part, memo->origin, true, STR_NONE);
        sql_seal_note_write_queue(cx, S("checkpoint"), str_format(cx->mem, "daicho-checkpoint/v1\n%.*s", STR_ARG(buf_str(&b))));
        return sql_seal_tell(cx, t->part, memo->origin, true, STR_NONE);
}

static rc seal(struct cx *cx, const struct work *w, struct seal_tree_row *t, struct memo *memo)
{
        struct batch *list = NEW_ARRAY(cx->mem, struct batch, BATCHES_MAX);
        int64_t before = memo->size;
        struct tree *tree;
        size_t count;

        TRY(tree_open(cx, log_path(cx, w, t->part, memo->generation), memo->size, &memo->root, &tree));
        TRY(grow(cx, t->part, tree, memo, list, &count));
        if (count > 0) {
                TRY(tree_flush(cx, tree));
                memo->size = tree_size(tree);
                tree_root(tree, &memo->root);
                TRY(memo_write(cx, path_of(cx, w->sealer->memory, t->part), memo));
                TRY(batches_note(cx, t->part, memo->generation, list, count));
        }
        if (memo->size == 0)
                return RC_OK;
        TRY(publish(cx, w, t, memo));
        tree_prune(cx, tree, before);
        return RC_OK;
}

/* The contract has ended --------------------------------------------------------------------------------------------------------------- */

/* What entries say is erased with the contract; the hashes and the last checkpoint stay, for those who hold a receipt. */
static rc erase_below(struct cx *cx, int at, const char *name, int depth)
{
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *list = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        rc result = RC_OK;

        if (list == NULL)
                return errno == ENOENT ? RC_OK : file_failed(cx, name, errno);
        while (result == RC_OK && (entry = readdir(list)) != NULL) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                if (unlinkat(fd, entry->d_name, 0) != 0)
                        result = depth > 0 ? erase_below(cx, fd, entry->d_name, depth - 1) : file_failed(cx, entry->d_name, errno);
        }
        (void)closedir(list);
        if (result == RC_OK && unlinkat(at, name, AT_REMOVEDIR) != 0)
                result = file_failed(cx, name, errno);
        return result;
}

static rc tree_close(struct cx *cx, const struct work *w, const struct seal_tree_row *t)
{
        const char *path = path_of(cx, w->sealer->memory, t->part);
        struct memo memo = { .generation = t->generation };
        rc result = memo_read(cx, path, &memo);

        if (result != RC_OK)
                fail_clear(cx);
        for (int64_t g = 1; g <= memo.generation; g++)
                TRY(erase_below(cx, AT_FDCWD, path_of(cx, log_path(cx, w, t->part, g), S("tile/entries")), CLOSE_DEPTH));
        if (result == RC_OK) {
                TRY(sql_seal_note_write(
                    cx, S("close"),
                    str_format(
                        cx->mem, "daicho-close/v1\n%.*s",
                        STR_ARG(checkpoint_write(cx->mem, &(struct checkpoint){ .origin = memo.origin, .size = memo.size, .root = memo.root })))));
                if (rename(path, path_of(cx, w->sealer->memory, str_format(cx->mem, "%.*s.closed", STR_ARG(t->part)))) != 0)
                        return file_failed(cx, path, errno);
        }
        return sql_seal_close(cx, t->part);
}

static rc tree_work(struct cx *cx, const struct work *w, struct seal_tree_row *t)
{
        struct memo memo;
        bool known;
        rc result = remember(cx, w, t, &memo, &known);

        if (result == RC_OK)
                result = seal(cx, w, t, &memo);
        if ((result != RC_CONFLICT && result != RC_UNKNOWN && result != RC_MALFORMED && result != RC_INVALID) || str_absent(w->order))
                return result;
        fail_clear(cx);
        TRY(restart(cx, w, t, &memo, known));
        return seal(cx, w, t, &memo);
}

/* Said once, kept in the database for the page about the log, and said again by every new sealer. */
static void refusal_tell(struct cx *cx, struct work *w, const struct seal_tree_row *t, rc result)
{
        str text = str_copy(cx->mem, cx->failure.count > 0 ? cx->failure.problem[0].text : str_of(rc_text(result)));

        if (w->check || !str_equal(text, t->refused))
                (void)fprintf(stderr, "daicho: sealer: %.*s is not sealed: %.*s\n", STR_ARG(t->part), STR_ARG(text));
        db_rollback(cx);
        fail_clear(cx);
        if (db_ensure(cx) != RC_OK || sql_seal_tell(cx, t->part, t->origin, false, text) != RC_OK)
                w->trouble = true;
        fail_clear(cx);
}

static bool due(const struct work *w, const struct seal_tree_row *t)
{
        msec since = w->now - t->signed_at;

        if (w->check || !str_absent(w->order) || t->signed_at_null || since < 0 || since >= CLOCK_HOUR)
                return true;
        if (!str_absent(t->refused))
                return w->now / REFUSED_MS != (w->now - ROUND_MS) / REFUSED_MS;
        return t->waiting && since >= w->sealer->every;
}

/* The keys ---------------------------------------------------------------------------------------------------------------------------- */

/* Which keys there are, and until when they sign, stands in the house's own tree. */
static rc keys_tell(struct cx *cx, const struct work *w, str origin)
{
        const char *path = path_of(cx, w->sealer->memory, S("keys"));
        struct buf all = buf_open(cx->mem, KB(64));
        str told = S("");
        bool fresh = false;

        if (file_read(cx, path, KB(64), &told) != RC_OK)
                fail_clear(cx);
        buf_add(&all, told);
        for (size_t i = 0; i < w->ring->count; i++) {
                const struct keyring_key *key = &w->ring->key[i];
                struct note_signer signer = note_signer_of(cx->mem, origin, NOTE_ED25519, key->seed);
                str line =
                    str_format(cx->mem, "%.*s until %" PRId64 "\n", STR_ARG(crypto_base64(cx->mem, key->public_key, ED25519_KEY_SIZE)), key->until);

                crypto_wipe(signer.seed, sizeof(signer.seed));
                if (memmem(told.p, told.n, line.p, line.n) != NULL)
                        continue;
                TRY(sql_seal_note_write(
                    cx, S("key"),
                    str_format(cx->mem, "daicho-key/v1\nvkey %.*s\npublic %.*s", STR_ARG(note_key_write(cx->mem, &signer.key)), STR_ARG(line))));
                buf_add(&all, line);
                fresh = true;
        }
        return fresh ? file_write(cx, path, buf_str(&all), 0600) : RC_OK;
}

/* Rounds ------------------------------------------------------------------------------------------------------------------------------- */

static str order_read(struct cx *cx, const struct sealer *sealer)
{
        str text = STR_NONE;

        if (file_read(cx, path_of(cx, sealer->memory, str_of(restart_file)), SEALER_REASON_MAX, &text) != RC_OK)
                fail_clear(cx);
        return str_absent(text) ? STR_NONE : str_trim(text);
}

rc sealer_restart_order(struct cx *cx, const char *memory, str reason)
{
        if (str_empty(str_trim(reason)) || reason.n >= SEALER_REASON_MAX)
                return fail(cx, RC_INVALID, "reason", "must have 1 to %d characters", SEALER_REASON_MAX - 1);
        return file_write(cx, path_of(cx, memory, str_of(restart_file)), reason, 0600);
}

static rc trees_work(struct cx *cx, struct work *w, struct seal_tree_row *list, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                struct arena_mark mark = arena_mark(cx->mem);
                struct seal_tree_row *t = &list[i];
                rc result;

                if (!t->ended && !due(w, t))
                        continue;
                result = t->ended ? tree_close(cx, w, t) : tree_work(cx, w, t);
                if (result != RC_OK && rc_http(result) >= 500) /* trouble, not disagreement */
                        return result;
                if (result != RC_OK)
                        refusal_tell(cx, w, t, result);
                arena_rewind(cx->mem, mark);
        }
        return RC_OK;
}

/* *seen: the connection of the round before. *all: when every log was asked last. *ret_look: how long it took to find out what there is to do. */
static rc round_work(struct cx *cx, const struct sealer *sealer, int64_t *seen, msec *all, msec *ret_look)
{
        msec begun = clock_tick();
        struct work w = { .sealer = sealer };
        struct seal_tree_row *list;
        struct seal_turn *turn;
        size_t count;

        TRY(db_ensure(cx));
        TRY(sql_seal_lock(cx, &turn));
        if (turn->pid == 0) {
                if (*seen != 0)
                        (void)fputs("daicho: sealer: another one is at work\n", stderr);
                *seen = 0;
                return RC_OK;
        }
        w.now = turn->now_ms;
        w.check = turn->pid != *seen;
        w.order = order_read(cx, sealer);
        TRY(keyring_read(cx, sealer->keys, &w.ring));
        TRY(sql_seal_trees(cx, w.check || begun - *all >= CLOCK_MINUTE, &list, &count));
        *ret_look = clock_tick() - begun;
        if (w.check || begun - *all >= CLOCK_MINUTE)
                *all = begun;
        if (count > 0 && list[count - 1].house)
                TRY(keys_tell(cx, &w, origin_of(cx, &w, list[count - 1].part, list[count - 1].generation)));
        TRY(trees_work(cx, &w, list, count));
        if (w.trouble)
                return fail(cx, RC_UNAVAILABLE, NULL, "the database cannot be told");
        *seen = turn->pid;
        if (!str_absent(w.order))
                (void)unlink(path_of(cx, sealer->memory, str_of(restart_file)));
        return RC_OK;
}

void sealer_run(struct cx *cx, const struct sealer *sealer, const volatile bool *stop)
{
        int64_t seen = -1;
        msec all = 0;

        while (!*stop) {
                msec look = 0, rest;
                rc result;

                arena_reset(cx->mem);
                fail_clear(cx);
                cx->tenant = STR_NONE;
                result = round_work(cx, sealer, &seen, &all, &look);
                if (result != RC_OK) {
                        (void)fprintf(stderr, "daicho: sealer: %.*s (%s)\n", STR_ARG(cx->failure.count ? cx->failure.problem[0].text : S("")),
                                      db_refusal(cx));
                        db_rollback(cx);
                        seen = -1;
                }
                /* however many trees there are: at most a tenth of a processor for looking */
                rest = result != RC_OK ? TROUBLE_MS : look * 9 < ROUND_MS ? ROUND_MS : look * 9 < CLOCK_MINUTE ? look * 9 : CLOCK_MINUTE;
                if (!*stop)
                        (void)poll(NULL, 0, (int)rest);
        }
}
