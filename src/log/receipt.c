/* receipt.c - see receipt.h. */
#include "base/house.h"

#include "log/receipt.h"

#include "base/buf.h"
#include "base/fail.h"

#define HEAD "c2sp.org/tlog-proof@v1"

str receipt_write(struct arena *mem, const struct receipt *receipt)
{
        struct buf b = buf_open(mem, RECEIPT_MAX);

        buf_text(&b, HEAD "\n");
        if (!str_absent(receipt->extra)) {
                buf_text(&b, "extra ");
                buf_add(&b, crypto_base64(mem, receipt->extra.p, receipt->extra.n));
                buf_char(&b, '\n');
        }
        buf_format(&b, "index %" PRId64 "\n", receipt->index);
        for (size_t i = 0; i < receipt->count; i++) {
                buf_add(&b, crypto_base64(mem, receipt->proof[i].b, MERKLE_SIZE));
                buf_char(&b, '\n');
        }
        buf_char(&b, '\n');
        buf_add(&b, receipt->note);
        must(!buf_full(&b));
        return buf_str(&b);
}

static str after(str line, size_t n)
{
        return (str){ line.p + n, line.n - n };
}

static bool parts_read(struct arena *mem, str rest, struct receipt *r)
{
        str line;

        if (!str_is(str_cut(rest, '\n', &rest), HEAD))
                return false;
        line = str_cut(rest, '\n', &rest);
        if (str_starts(line, S("extra "))) {
                line = after(line, 6);
                if (line.n > RECEIPT_EXTRA_MAX || !crypto_base64_read(mem, line, &r->extra))
                        return false;
                line = str_cut(rest, '\n', &rest);
        }
        if (!str_starts(line, S("index ")) || !checkpoint_number(after(line, 6), &r->index))
                return false;
        for (;;) {
                if (str_absent(rest))
                        return false;
                line = str_cut(rest, '\n', &rest);
                if (line.n == 0)
                        break;
                if (r->count == MERKLE_PROOF_MAX || !checkpoint_hash(mem, line, &r->proof[r->count++]))
                        return false;
        }
        r->note = rest;
        return !str_absent(rest);
}

rc receipt_read(struct cx *cx, str bytes, struct receipt **ret)
{
        struct receipt *r = NEW(cx->mem, struct receipt);

        if (bytes.n > RECEIPT_MAX || !parts_read(cx->mem, bytes, r))
                return fail(cx, RC_MALFORMED, NULL, "this is no receipt (tlog-proof)");
        *ret = r;
        return RC_OK;
}

rc receipt_check(struct cx *cx, const struct receipt *receipt, const struct trust *trust, str entry, struct checkpoint *ret,
                 struct note_seal seal[TRUST_MAX])
{
        struct merkle_hash leaf;
        struct checkpoint c;
        struct note *note;

        TRY(trust_open(cx, trust, receipt->note, &c, &note, seal));
        merkle_leaf(entry, &leaf);
        if (!merkle_inclusion_check(&leaf, receipt->index, c.size, receipt->proof, receipt->count, &c.root))
                return fail(cx, RC_FORGED, NULL, "the receipt does not prove this entry: it leads to another root than the signed one");
        *ret = c;
        return RC_OK;
}
