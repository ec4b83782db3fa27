/* walk.c - see walk.h. */
#include "base/house.h"

#include "log/walk.h"

#include "base/fail.h"
#include "log/leaf.h"
#include "log/walk.sql.h"

struct steps {
        struct walk *walk;
        const struct walk_row *row; /* of the bundle that is being looked at */
        int64_t first;              /* index of the first of them */
        int64_t id;                 /* of the row read last */
        char xid[24];               /* and its transaction */
};

static void step_to(struct steps *s, str xid, int64_t id)
{
        must(xid.n < sizeof(s->xid));
        memcpy(s->xid, xid.p, xid.n);
        s->xid[xid.n] = '\0';
        s->id = id;
}

/* What stands beside an entry that is right itself. */
static rc detail_check(struct cx *cx, void *data, int64_t index, str entry)
{
        const struct steps *s = data;
        const struct walk_row *e;

        (void)entry;
        if (index < s->first) /* the link */
                return RC_OK;
        e = &s->row[index - s->first];
        if (str_absent(e->commitment))
                return RC_OK;
        if (str_absent(e->fingerprint)) {
                s->walk->details_erased++;
                return RC_OK;
        }
        if (!str_equal(e->commitment, e->fingerprint))
                return fail(cx, RC_FORGED, NULL, "the detail of entry %ld is not the one it was sealed with", (long)index);
        s->walk->details_right++;
        return RC_OK;
}

/* The link a generation begins with stands in no table: it is taken from its bundle. */
static rc link_add(struct cx *cx, const struct walk *walk, struct buf *bundle)
{
        str rest, entry;
        int width = tile_width(TILE_ENTRIES, 0, walk->log.head.size);

        TRY(verify_directory_bundle(cx, (void *)(uintptr_t)walk->log.directory, 0, width, &rest));
        if (!tile_bundle_next(&rest, &entry))
                return fail(cx, RC_FORGED, NULL, "entry %ld cannot be read: its bundle is damaged", 0L);
        tile_bundle_add(bundle, entry);
        return RC_OK;
}

static rc rows_bundle(struct cx *cx, void *data, int64_t n, int width, str *ret)
{
        struct steps *s = data;
        struct walk *walk = s->walk;
        struct buf bundle = buf_open(cx->mem, TILE_BUNDLE_MAX);
        int64_t index = n * TILE_WIDTH;
        struct walk_detail found[TILE_WIDTH];
        struct walk_row *e;
        size_t count, details = 0;

        if (index == 0 && walk->log.generation > 1) {
                TRY(link_add(cx, walk, &bundle));
                index++;
                width--;
        }
        TRY(sql_walk_rows(cx, str_of(s->xid), s->id, width, walk->key, &e, &count));
        s->row = e;
        s->first = index;
        for (size_t i = 0; i < count; i++, index++) {
                struct leaf leaf = LEAF_OF(&e[i]);

                tile_bundle_add(&bundle, leaf_write(cx->mem, &leaf));
                if (!str_absent(e[i].detail) && !str_absent(e[i].commitment))
                        found[details++] = (struct walk_detail){ index, e[i].salt, e[i].detail };
        }
        if (details > 0 && walk->take != NULL)
                TRY(walk->take(cx, walk->take_data, n, found, details));
        if (count > 0)
                step_to(s, e[count - 1].xid, e[count - 1].id);
        *ret = buf_str(&bundle);
        return RC_OK;
}

static rc rows_tile(struct cx *cx, void *data, struct tile tile, str *ret)
{
        const struct steps *s = data;

        return tile_file_get(cx, (void *)(uintptr_t)s->walk->log.directory, tile, ret);
}

static void rows_progress(void *data, int64_t done, int64_t total)
{
        const struct walk *walk = ((const struct steps *)data)->walk;

        if (walk->progress != NULL)
                walk->progress(walk->progress_data, done, total);
}

rc walk_log(struct cx *cx, struct walk *walk, const struct checkpoint *older, size_t older_count)
{
        struct steps s = { .walk = walk, .xid = "0" };
        struct verify_source source = { .bundle = rows_bundle, .tile = rows_tile, .progress = rows_progress, .data = &s };
        struct walk_begin_row *begin;

        if (walk->details)
                source.entry = detail_check;
        TRY(sql_walk_begin(cx, walk->log.generation, &begin));
        if (begin != NULL)
                step_to(&s, begin->last_xid, begin->last_id);
        return verify_log(cx, &source, &walk->log.head, older, older_count);
}
