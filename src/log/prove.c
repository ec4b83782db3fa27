/* prove.c - see prove.h. */
#include "base/house.h"

#include "log/prove.h"

#include "base/fail.h"
#include "base/file.h"
#include "log/commitment.h"
#include "log/leaf.h"
#include "log/prove.sql.h"

static const char *store;

void prove_start(const char *directory)
{
        store = directory;
}

/* What witnesses have cosigned stands beside the newest checkpoint, which may be ahead of it. */
static rc checkpoint_newest(struct cx *cx, struct prove_log *log, const char *name)
{
        struct note *note;

        TRY(file_read(cx, str_format(cx->mem, "%s/%s", log->directory, name).p, NOTE_MAX, &log->note));
        TRY(note_read(cx, log->note, &note));
        return checkpoint_read(cx, note->text, &log->checkpoint);
}

rc prove_open(struct cx *cx, int64_t generation, struct prove_log *ret)
{
        struct prove_tree_row *tree;
        struct prove_log log = { .generation = generation };
        rc result;

        must(store != NULL);
        TRY(sql_prove_tree(cx, &tree));
        if (tree != NULL) {
                log.part = tree->part;
                log.generation = generation > 0 ? generation : tree->generation;
                log.directory = str_format(cx->mem, "%s/%.*s/%" PRId64, store, STR_ARG(log.part), log.generation).p;
                result = checkpoint_newest(cx, &log, "checkpoint");
                if (result != RC_UNKNOWN) {
                        *ret = log;
                        return result;
                }
                fail_clear(cx);
        }
        return fail(cx, RC_UNAVAILABLE, NULL, "nothing has been sealed yet; please try again in a moment");
}

static str leaf_of(struct arena *mem, const struct prove_entry *e)
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

        return leaf_write(mem, &leaf);
}

static rc not_sealed(struct cx *cx)
{
        return fail(cx, RC_UNAVAILABLE, NULL, "this entry is not sealed yet; that takes a few seconds");
}

rc prove_receipt(struct cx *cx, int64_t id, struct receipt **ret, str *ret_text)
{
        struct receipt *r = NEW(cx->mem, struct receipt);
        struct tile_tree *tree = NEW(cx->mem, struct tile_tree);
        struct merkle_reader reader = tile_reader(tree);
        struct prove_place_row *place;
        struct prove_entry *entry;
        struct prove_log log, cosigned;
        struct merkle_hash leaf;

        TRY(sql_prove_entry_find(cx, id, &entry));
        if (entry == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such entry in the log");
        TRY(sql_prove_place(cx, id, &place));
        if (place == NULL)
                return not_sealed(cx);
        TRY(prove_open(cx, place->generation, &log));
        cosigned = log;
        if (checkpoint_newest(cx, &cosigned, "cosigned") == RC_OK && cosigned.checkpoint.size > place->index)
                log = cosigned;
        fail_clear(cx);
        if (log.checkpoint.size <= place->index)
                return not_sealed(cx);
        *tree = (struct tile_tree){ .size = log.checkpoint.size, .get = tile_file_get, .data = (void *)(uintptr_t)log.directory };
        *r = (struct receipt){ .extra = leaf_of(cx->mem, entry), .index = place->index, .note = log.note };
        TRY(merkle_inclusion(cx, &reader, r->index, log.checkpoint.size, r->proof, &r->count));
        merkle_leaf(r->extra, &leaf);
        if (!merkle_inclusion_check(&leaf, r->index, log.checkpoint.size, r->proof, r->count, &log.checkpoint.root))
                return fail(cx, RC_FORGED, NULL, "entry %ld is not the one that was sealed", (long)r->index);
        *ret = r;
        *ret_text = receipt_write(cx->mem, r);
        return RC_OK;
}

/* What stands beside an entry that is right itself. */
static rc detail_check(struct cx *cx, void *data, int64_t index, str entry)
{
        struct prove_walk *walk = data;
        const struct prove_entry *e;
        uint8_t again[COMMITMENT_SIZE];

        if (index < walk->row_first) /* the link */
                return RC_OK;
        e = &walk->row[index - walk->row_first];
        if (str_absent(e->commitment))
                return RC_OK;
        if (str_absent(e->detail)) {
                walk->details_erased++;
                return RC_OK;
        }
        commitment_of(cx->mem, e->salt, e->detail, again);
        if (!str_equal(e->commitment, (str){ (const char *)again, sizeof(again) }))
                return fail(cx, RC_FORGED, NULL, "the detail of entry %ld is not the one it was sealed with", (long)index);
        walk->details_right++;
        return RC_OK;
}

/* The link a generation begins with stands in no table: it is taken from its bundle. */
static rc link_add(struct cx *cx, const struct prove_walk *walk, struct buf *bundle)
{
        str rest, entry;
        int width = tile_width(TILE_ENTRIES, 0, walk->log.checkpoint.size);

        TRY(verify_directory_bundle(cx, (void *)(uintptr_t)walk->log.directory, 0, width, &rest));
        if (!tile_bundle_next(&rest, &entry))
                return fail(cx, RC_FORGED, NULL, "entry %ld cannot be read: its bundle is damaged", 0L);
        tile_bundle_add(bundle, entry);
        return RC_OK;
}

static rc rows_bundle(struct cx *cx, void *data, int64_t n, int width, str *ret)
{
        struct prove_walk *walk = data;
        struct buf bundle = buf_open(cx->mem, TILE_BUNDLE_MAX);
        int64_t index = n * TILE_WIDTH;
        struct prove_detail found[TILE_WIDTH];
        struct prove_entry *e;
        size_t count, details = 0;

        if (index == 0 && walk->log.generation > 1) {
                TRY(link_add(cx, walk, &bundle));
                index++;
                width--;
        }
        TRY(sql_prove_entries(cx, str_of(walk->xid), walk->id, width, &e, &count));
        walk->row = e;
        walk->row_first = index;
        for (size_t i = 0; i < count; i++, index++) {
                tile_bundle_add(&bundle, leaf_of(cx->mem, &e[i]));
                if (!str_absent(e[i].detail))
                        found[details++] = (struct prove_detail){ index, e[i].salt, e[i].detail };
        }
        if (details > 0 && walk->take != NULL)
                TRY(walk->take(cx, walk->take_data, n, found, details));
        if (count > 0) {
                walk->id = e[count - 1].id;
                must(e[count - 1].xid.n < sizeof(walk->xid));
                memcpy(walk->xid, e[count - 1].xid.p, e[count - 1].xid.n);
                walk->xid[e[count - 1].xid.n] = '\0';
        }
        *ret = buf_str(&bundle);
        return RC_OK;
}

static rc rows_tile(struct cx *cx, void *data, struct tile tile, str *ret)
{
        struct prove_walk *walk = data;

        return tile_file_get(cx, (void *)(uintptr_t)walk->log.directory, tile, ret);
}

static void rows_progress(void *data, int64_t done, int64_t total)
{
        struct prove_walk *walk = data;

        if (walk->progress != NULL)
                walk->progress(walk->progress_data, done, total);
}

rc prove_database(struct cx *cx, struct prove_walk *walk, const struct checkpoint *older, size_t older_count)
{
        struct verify_source source = { .bundle = rows_bundle, .tile = rows_tile, .progress = rows_progress, .data = walk };
        struct prove_begin_row *begin;

        if (walk->details)
                source.entry = detail_check;
        walk->id = 0;
        memcpy(walk->xid, "0", 2);
        TRY(sql_prove_begin(cx, walk->log.generation, &begin));
        if (begin != NULL) {
                must(begin->last_xid.n < sizeof(walk->xid));
                memcpy(walk->xid, str_z(cx->mem, begin->last_xid), begin->last_xid.n + 1);
                walk->id = begin->last_id;
        }
        return verify_log(cx, &source, &walk->log.checkpoint, older, older_count);
}
