/* memo.c - see memo.h. Seven lines "key value" in this order, the last of them only after a restart:
 *   daicho-sealer/v1 · origin · generation · size · root · entry XID ID · link BASE64 */
#include "base/house.h"

#include "log/memo.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "log/checkpoint.h"

static const char head[] = "daicho-sealer/v1";

static str format(struct arena *mem, const struct memo *memo)
{
        struct buf b = buf_open(mem, MEMO_MAX);

        buf_format(&b, "%s\norigin %.*s\ngeneration %" PRId64 "\nsize %" PRId64 "\n", head, STR_ARG(memo->origin), memo->generation, memo->size);
        buf_format(&b, "root %.*s\n", STR_ARG(crypto_base64(mem, memo->root.b, MERKLE_SIZE)));
        buf_format(&b, "entry %.*s %" PRId64 "\n", STR_ARG(memo->xid), memo->id);
        if (!str_absent(memo->link))
                buf_format(&b, "link %.*s\n", STR_ARG(crypto_base64(mem, memo->link.p, memo->link.n)));
        must(!buf_full(&b));
        return buf_str(&b);
}

/* "KEY value" off the front of *rest. */
static bool line_take(str *rest, const char *key, str *ret)
{
        size_t n = strlen(key);
        str line = str_absent(*rest) ? STR_NONE : str_cut(*rest, '\n', rest);

        if (str_absent(line) || line.n < n + 2 || memcmp(line.p, key, n) != 0 || line.p[n] != ' ')
                return false;
        *ret = (str){ line.p + n + 1, line.n - n - 1 };
        return true;
}

static bool parse(struct cx *cx, str text, struct memo *m)
{
        str value, id, rest = text;
        int64_t xid;

        if (!str_is(str_cut(rest, '\n', &rest), head) || !line_take(&rest, "origin", &m->origin) || !note_name_valid(m->origin))
                return false;
        if (!line_take(&rest, "generation", &value) || !checkpoint_number(value, &m->generation) || m->generation < 1)
                return false;
        if (!line_take(&rest, "size", &value) || !checkpoint_number(value, &m->size))
                return false;
        if (!line_take(&rest, "root", &value) || !checkpoint_hash(cx->mem, value, &m->root))
                return false;
        if (!line_take(&rest, "entry", &value))
                return false;
        m->xid = str_cut(value, ' ', &id);
        if (!checkpoint_number(m->xid, &xid) || str_absent(id) || !checkpoint_number(id, &m->id))
                return false;
        m->link = STR_NONE;
        if (str_absent(rest) || rest.n == 0)
                return !str_absent(rest);
        return line_take(&rest, "link", &value) && crypto_base64_read(cx->mem, value, &m->link) && !str_absent(rest) && rest.n == 0;
}

rc memo_read(struct cx *cx, const char *path, struct memo *ret)
{
        struct memo m = { .size = 0 };
        str text;

        TRY(file_read(cx, path, MEMO_MAX, &text));
        if (!parse(cx, text, &m))
                return fail(cx, RC_MALFORMED, NULL, "the sealer's own memory of this log is damaged");
        *ret = m;
        return RC_OK;
}

rc memo_write(struct cx *cx, const char *path, const struct memo *memo)
{
        return file_write(cx, path, format(cx->mem, memo), 0600);
}
