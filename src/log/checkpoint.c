/* checkpoint.c - see checkpoint.h. */
#include "base/house.h"

#include "log/checkpoint.h"

#include "base/fail.h"

str checkpoint_write(struct arena *mem, const struct checkpoint *checkpoint)
{
        str root = crypto_base64(mem, checkpoint->root.b, MERKLE_SIZE);

        return str_format(mem, "%.*s\n%" PRId64 "\n%.*s\n", STR_ARG(checkpoint->origin), checkpoint->size, STR_ARG(root));
}

bool checkpoint_number(str s, int64_t *ret)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
        return s.n > 0 && (s.n == 1 || s.p[0] != '0') && str_int(s, ret);
}

bool checkpoint_hash(struct arena *mem, str s, struct merkle_hash *ret)
{
        str bytes;

        if (s.n != (MERKLE_SIZE + 2) / 3 * 4 || !crypto_base64_read(mem, s, &bytes) || bytes.n != MERKLE_SIZE)
                return false;
        memcpy(ret->b, bytes.p, MERKLE_SIZE);
        return true;
}

/* Further lines, none of them empty. */
static bool extension(str rest)
{
        while (rest.n > 0)
                if (str_empty(str_cut(rest, '\n', &rest)))
                        return false;
        return true;
}

rc checkpoint_read(struct cx *cx, str text, struct checkpoint *ret)
{
        struct checkpoint c = { .size = 0 };
        str rest = text, size, root;

        c.origin = str_cut(rest, '\n', &rest);
        size = str_cut(rest, '\n', &rest);
        root = str_cut(rest, '\n', &rest);
        if (!str_ends(text, S("\n")) || str_absent(rest) || str_empty(c.origin) || c.origin.n > NOTE_NAME_MAX || !checkpoint_number(size, &c.size) ||
            !checkpoint_hash(cx->mem, root, &c.root) || !extension(rest))
                return fail(cx, RC_MALFORMED, NULL, "this is no checkpoint (origin, size, root)");
        c.extended = rest.n > 0;
        *ret = c;
        return RC_OK;
}
