/* permission.c - see permission.h. The words are stored in account_group.permissions and api_key.permissions; the bits live as long as a unit of work,
 * so that the order of the table may change. */
#include "base/house.h"

#include "identity/permission.h"

#include "base/buf.h"
#include "base/fail.h"
#include "page/page.h"

static const char *const words[] = {
#define PERMISSION(name, word, scope) word,
#include "identity/permission.tbl"
#undef PERMISSION
};

_Static_assert(PERMISSIONS <= 64, "permissions are held in 64 bits");

enum { FIRST = PERM_NONE + 1 }; /* the first that can be granted */

static uint64_t bit(int p)
{
        return (uint64_t)1 << p;
}

const char *permission_word(enum permission p)
{
        must((unsigned)p < PERMISSIONS);
        return words[p];
}

bool permission_held(const struct cx *cx, enum permission p)
{
        return (int)p < FIRST || (cx->permissions & bit((int)p)) != 0;
}

/* PERMISSIONS when there is no such word. */
static int find(str word)
{
        for (int p = FIRST; p < PERMISSIONS; p++)
                if (str_is(word, words[p]))
                        return p;
        return PERMISSIONS;
}

uint64_t permission_parse(str text)
{
        uint64_t bits = 0;

        while (!str_absent(text)) {
                int p = find(str_cut(text, ' ', &text));

                if (p < PERMISSIONS)
                        bits |= bit(p);
        }
        return bits;
}

str permission_format(struct arena *mem, uint64_t bits)
{
        struct buf out = buf_open(mem, KB(4));

        for (int p = FIRST; p < PERMISSIONS; p++) {
                if ((bits & bit(p)) == 0)
                        continue;
                if (buf_str(&out).n > 0)
                        buf_char(&out, ' ');
                buf_add(&out, str_of(words[p]));
        }
        must(!buf_full(&out));
        return buf_str(&out);
}

uint64_t permission_all(void)
{
        uint64_t bits = 0;

        for (int p = FIRST; p < PERMISSIONS; p++)
                bits |= bit(p);
        return bits;
}

static const char *title_of(struct cx *cx, int p)
{
        char *key = str_z(cx->mem, str_of(words[p]));

        *strchr(key, '.') = '_';
        return page_text(cx->lang, str_format(cx->mem, "permission.%s.title", key).p).p;
}

rc permission_read(struct cx *cx, const json_t *list, const char *item, uint64_t *ret)
{
        uint64_t bits = 0;

        if (list != NULL && !json_is_array(list)) /* null must not take all of them away */
                return fail(cx, RC_INVALID, item, "must be a list");
        for (size_t i = 0; i < json_array_size(list); i++) {
                str word = json_text(json_array_get(list, i));
                int p = str_absent(word) ? PERMISSIONS : find(word);

                if (p == PERMISSIONS)
                        return fail(cx, RC_INVALID, item, "there is no permission \"%.*s\"", STR_ARG(word));
                if ((cx->permissions & bit(p)) == 0)
                        return fail(cx, RC_FORBIDDEN, item, "only somebody who holds the permission \"%s\" can give it", title_of(cx, p));
                bits |= bit(p);
        }
        *ret = bits;
        return RC_OK;
}

rc permission_above(struct cx *cx, uint64_t bits)
{
        uint64_t missing = bits & ~cx->permissions;

        if (missing == 0)
                return RC_OK;
        for (int p = FIRST; p < PERMISSIONS; p++)
                if (missing & bit(p))
                        return fail(cx, RC_FORBIDDEN, NULL, "this includes the permission \"%s\", which only somebody who holds it can change",
                                    title_of(cx, p));
        return RC_OK;
}

json_t *permission_words(uint64_t bits)
{
        json_t *list = json_array();

        for (int p = FIRST; p < PERMISSIONS; p++)
                if (bits & bit(p))
                        must(json_array_append_new(list, json_str(str_of(words[p]))) == 0);
        return list;
}

static json_t *title_model(struct cx *cx, int p)
{
        char *key = str_z(cx->mem, str_of(words[p]));
        json_t *m = json_object();

        *strchr(key, '.') = '_';
        json_set(m, "name", json_str(str_of(words[p])));
        json_set(m, "title", json_str(page_text(cx->lang, str_format(cx->mem, "permission.%s.title", key).p)));
        json_set(m, "help", json_str(page_text(cx->lang, str_format(cx->mem, "permission.%s.help", key).p)));
        return m;
}

json_t *permission_titles(struct cx *cx, uint64_t bits)
{
        json_t *list = json_array();

        for (int p = FIRST; p < PERMISSIONS; p++)
                if (bits & bit(p))
                        must(json_array_append_new(list, title_model(cx, p)) == 0);
        return list;
}

json_t *permission_choices(struct cx *cx, uint64_t bits)
{
        json_t *list = json_array();

        for (int p = FIRST; p < PERMISSIONS; p++) {
                json_t *m = title_model(cx, p);

                json_set(m, "granted", json_boolean((bits & bit(p)) != 0));
                json_set(m, "held", json_boolean((cx->permissions & bit(p)) != 0));
                must(json_array_append_new(list, m) == 0);
        }
        return list;
}
