/* permission.c - see permission.h. The words are stored in account_group.permissions, account.grants, account.denials and api_key.permissions; the bits
 * live as long as a unit of work, so that the order of the table may change. */
#include "base/house.h"

#include "identity/permission.h"

#include "base/buf.h"
#include "base/fail.h"
#include "identity/permission.sql.h"
#include "page/page.h"

enum { HOUSE, REGISTER, OPERATOR };

static const struct {
        const char *word;
        int scope;
} table[] = {
#define PERMISSION(name, word, scope) { word, scope },
#include "identity/permission.tbl"
#undef PERMISSION
};

_Static_assert(PERMISSIONS <= 64, "permissions are held in 64 bits");

enum { FIRST = PERM_NONE + 1, /* the first that can be granted */ WORDS_MAX = KB(256) };

static uint64_t bit(int p)
{
        return (uint64_t)1 << p;
}

static uint64_t scoped_bits(void)
{
        uint64_t bits = 0;

        for (int p = FIRST; p < PERMISSIONS; p++)
                if (table[p].scope == REGISTER)
                        bits |= bit(p);
        return bits;
}

const char *permission_word(enum permission p)
{
        must((unsigned)p < PERMISSIONS);
        return table[p].word;
}

/* Asking ---------------------------------------------------------------------------------------------------------------------------- */

static const struct right_scope *scope_find(const struct rights *r, str name)
{
        for (size_t i = 0; i < r->scope_count; i++)
                if (str_equal(r->scopes[i].register_name, name))
                        return &r->scopes[i];
        return NULL;
}

/* Everything held for this register. */
static uint64_t bits_for(const struct rights *r, str name)
{
        const struct right_scope *s = scope_find(r, name);

        return s ? (r->all | s->given) & ~s->denied : r->all;
}

bool permission_held(const struct cx *cx, enum permission p)
{
        return p == PERM_PUBLIC || p == PERM_NONE || (cx->permissions.all & bit((int)p)) != 0;
}

bool permission_held_for(const struct cx *cx, enum permission p, str name)
{
        uint64_t bits = bits_for(&cx->permissions, name);

        if (p == PERM_REGISTER)
                return (bits & scoped_bits()) != 0;
        return p == PERM_PUBLIC || p == PERM_NONE || (bits & bit((int)p)) != 0;
}

bool permission_hidden(const struct cx *cx, str name)
{
        return !permission_held_for(cx, PERM_REGISTER, name);
}

bool permission_denials(const struct cx *cx)
{
        for (size_t i = 0; i < cx->permissions.scope_count; i++)
                if (cx->permissions.scopes[i].denied != 0)
                        return true;
        return false;
}

rc permission_register_known(struct cx *cx, str name, bool *ret)
{
        return sql_permission_register_known(cx, name, ret);
}

bool permission_held_somewhere(const struct cx *cx, enum permission p)
{
        uint64_t wanted = p == PERM_REGISTER ? scoped_bits() : bit((int)p);

        if (p == PERM_PUBLIC || p == PERM_NONE || (cx->permissions.all & wanted) != 0)
                return true;
        for (size_t i = 0; i < cx->permissions.scope_count; i++)
                if ((cx->permissions.scopes[i].given & ~cx->permissions.scopes[i].denied & wanted) != 0)
                        return true;
        return false;
}

void permission_registers(const struct cx *cx, enum permission p, bool *ret_all, str *ret_names)
{
        const struct rights *r = &cx->permissions;
        uint64_t wanted = p == PERM_REGISTER ? scoped_bits() : bit((int)p);
        struct buf names = buf_open(cx->mem, WORDS_MAX);

        *ret_all = (r->all & wanted) != 0;
        for (size_t i = 0; i < r->scope_count; i++)
                if (((bits_for(r, r->scopes[i].register_name) & wanted) != 0) != *ret_all) {
                        if (buf_str(&names).n > 0)
                                buf_char(&names, ' ');
                        buf_add(&names, r->scopes[i].register_name);
                }
        must(!buf_full(&names));
        *ret_names = buf_str(&names);
}

bool permission_none(const struct rights *r)
{
        return r->all == 0 && r->scope_count == 0;
}

/* Words and bits -------------------------------------------------------------------------------------------------------------------- */

/* PERMISSIONS when there is no such word. */
static int find(str word)
{
        for (int p = FIRST; p < PERMISSIONS; p++)
                if (str_is(word, table[p].word))
                        return p;
        return PERMISSIONS;
}

/* "record.read:customers" -> its permission and register (absent: every one); PERMISSIONS: no such word, or one that knows no registers. */
static int word_read(str word, str *ret_register)
{
        int p = find(str_cut(word, ':', ret_register));

        if (p < PERMISSIONS && !str_absent(*ret_register) && (table[p].scope != REGISTER || str_empty(*ret_register)))
                return PERMISSIONS;
        return p;
}

/* scopes: room for one more. */
static struct right_scope *scope_make(struct right_scope *scopes, size_t *count, str name)
{
        for (size_t i = 0; i < *count; i++)
                if (str_equal(scopes[i].register_name, name))
                        return &scopes[i];
        scopes[*count] = (struct right_scope){ .register_name = name };
        return &scopes[(*count)++];
}

static size_t words_count(str text)
{
        size_t n = 1;

        for (size_t i = 0; i < text.n; i++)
                n += text.p[i] == ' ';
        return n;
}

struct rights permission_parse(struct arena *mem, str text)
{
        struct right_scope *scopes = NULL;
        size_t count = 0, room = words_count(text);
        struct rights r = { 0 };

        while (!str_absent(text)) {
                str word = str_cut(text, ' ', &text), name;
                bool denied = str_starts(word, S("-"));
                int p = word_read(denied ? (str){ word.p + 1, word.n - 1 } : word, &name);
                struct right_scope *s;

                if (p == PERMISSIONS || (denied && str_absent(name)))
                        continue;
                if (str_absent(name)) {
                        r.all |= bit(p);
                        continue;
                }
                if (scopes == NULL)
                        scopes = NEW_ARRAY(mem, struct right_scope, room);
                s = scope_make(scopes, &count, name);
                if (denied)
                        s->denied |= bit(p);
                else
                        s->given |= bit(p);
        }
        r.scopes = scopes;
        r.scope_count = count;
        return r;
}

static void word_add(struct buf *out, const char *minus, int p, str name)
{
        if (buf_str(out).n > 0)
                buf_char(out, ' ');
        buf_format(out, "%s%s", minus, table[p].word);
        if (!str_absent(name))
                buf_format(out, ":%.*s", STR_ARG(name));
}

str permission_format(struct arena *mem, const struct rights *r)
{
        struct buf out = buf_open(mem, WORDS_MAX);

        for (int p = FIRST; p < PERMISSIONS; p++)
                if (r->all & bit(p))
                        word_add(&out, "", p, STR_NONE);
        for (size_t i = 0; i < r->scope_count; i++)
                for (int p = FIRST; p < PERMISSIONS; p++) {
                        if (r->scopes[i].given & bit(p))
                                word_add(&out, "", p, r->scopes[i].register_name);
                        if (r->scopes[i].denied & bit(p))
                                word_add(&out, "-", p, r->scopes[i].register_name);
                }
        must(!buf_full(&out));
        return buf_str(&out);
}

struct rights permission_all(void)
{
        struct rights r = { 0 };

        for (int p = FIRST; p < PERMISSIONS; p++)
                r.all |= bit(p);
        return r;
}

struct rights permission_contract(void)
{
        struct rights r = { 0 };

        for (int p = FIRST; p < PERMISSIONS; p++)
                if (table[p].scope != OPERATOR)
                        r.all |= bit(p);
        return r;
}

struct rights permission_join(struct arena *mem, const struct rights *a, const struct rights *b)
{
        struct rights r = { .all = a->all | b->all };
        struct right_scope *scopes = NEW_ARRAY(mem, struct right_scope, a->scope_count + b->scope_count + 1);
        const struct rights *both[] = { a, b };

        for (size_t k = 0; k < COUNT(both); k++)
                for (size_t i = 0; i < both[k]->scope_count; i++) {
                        str name = both[k]->scopes[i].register_name;
                        struct right_scope *s = scope_make(scopes, &r.scope_count, name);

                        s->given |= both[k]->scopes[i].given;
                        s->denied = r.all & ~(bits_for(a, name) | bits_for(b, name));
                }
        r.scopes = scopes;
        return r;
}

/* Giving ---------------------------------------------------------------------------------------------------------------------------- */

/* "permission.record_read.title" */
static str text_of(struct cx *cx, int p, const char *which)
{
        char *key = str_z(cx->mem, str_of(table[p].word)), *dot = strchr(key, '.');

        must(dot != NULL);
        *dot = '_';
        return page_text(cx->lang, str_format(cx->mem, "permission.%s.%s", key, which).p);
}

static const char *title_of(struct cx *cx, int p)
{
        return text_of(cx, p, "title").p;
}

static const char *title_for(struct cx *cx, int p, str name)
{
        return str_absent(name) || permission_hidden(cx, name) ? title_of(cx, p) : str_format(cx->mem, "%s: %.*s", title_of(cx, p), STR_ARG(name)).p;
}

/* Held for every register without exception. */
static uint64_t everywhere(const struct rights *of)
{
        uint64_t bits = of->all;

        for (size_t i = 0; i < of->scope_count; i++)
                bits &= ~of->scopes[i].denied;
        return bits;
}

/* The first thing in `wanted` that neither a nor b holds: PERMISSIONS when there is none. Where `wanted` leaves out a register, so may the others. */
static int missing(const struct rights *wanted, const struct rights *a, const struct rights *b, str *ret_register)
{
        const struct rights *all[] = { wanted, a, b };
        uint64_t gone = wanted->all & ~(a->all | b->all);

        *ret_register = STR_NONE;
        for (int p = FIRST; p < PERMISSIONS; p++)
                if (gone & bit(p))
                        return p;
        for (size_t k = 0; k < COUNT(all); k++)
                for (size_t i = 0; i < all[k]->scope_count; i++) {
                        str name = all[k]->scopes[i].register_name;

                        gone = bits_for(wanted, name) & ~(bits_for(a, name) | bits_for(b, name));
                        for (int p = FIRST; p < PERMISSIONS; p++)
                                if (gone & bit(p)) {
                                        *ret_register = name;
                                        return p;
                                }
                }
        return PERMISSIONS;
}

static rc register_check(struct cx *cx, str name, const char *item)
{
        bool known;

        TRY(sql_permission_register_known(cx, name, &known));
        return known && !permission_hidden(cx, name) ? RC_OK : fail(cx, RC_INVALID, item, "there is no register \"%.*s\"", STR_ARG(name));
}

rc permission_read_any(struct cx *cx, const json_t *list, const char *item, struct rights *ret)
{
        struct right_scope *scopes = NEW_ARRAY(cx->mem, struct right_scope, json_array_size(list) + 1);
        struct rights r = { .scopes = scopes };

        if (list != NULL && !json_is_array(list)) /* null must not take all of them away */
                return fail(cx, RC_INVALID, item, "must be a list");
        for (size_t i = 0; i < json_array_size(list); i++) {
                str word = json_text(json_array_get(list, i)), name;
                int p = str_absent(word) ? PERMISSIONS : word_read(word, &name);

                if (p == PERMISSIONS)
                        return fail(cx, RC_INVALID, item, "there is no permission \"%.*s\"", STR_ARG(word));
                if (str_absent(name)) {
                        r.all |= bit(p);
                        continue;
                }
                TRY(register_check(cx, name, item));
                scope_make(scopes, &r.scope_count, name)->given |= bit(p);
        }
        *ret = r;
        return RC_OK;
}

rc permission_read(struct cx *cx, const json_t *list, const char *item, const struct rights *before, struct rights *ret)
{
        static const struct rights none = { 0 };
        struct rights r;
        str name;
        int p;

        TRY(permission_read_any(cx, list, item, &r));
        p = missing(&r, &cx->permissions, before ? before : &none, &name);
        if (p < PERMISSIONS)
                return fail(cx, RC_FORBIDDEN, item, "only somebody who holds the permission \"%s\" can give it", title_for(cx, p, name));
        *ret = r;
        return RC_OK;
}

rc permission_gain(struct cx *cx, const struct rights *before, const struct rights *after)
{
        str name;
        int p = missing(after, &cx->permissions, before, &name);

        if (p == PERMISSIONS)
                return RC_OK;
        return fail(cx, RC_FORBIDDEN, NULL, "only somebody who holds the permission \"%s\" can give it", title_for(cx, p, name));
}

rc permission_above(struct cx *cx, const struct rights *rights)
{
        static const struct rights none = { 0 };
        str name;
        int p = missing(rights, &cx->permissions, &none, &name);

        if (p == PERMISSIONS)
                return RC_OK;
        return fail(cx, RC_FORBIDDEN, NULL, "this includes the permission \"%s\", which only somebody who holds it can change",
                    title_for(cx, p, name));
}

struct rights permission_keep_hidden(struct cx *cx, const struct rights *before, const struct rights *after)
{
        struct right_scope *scopes = NEW_ARRAY(cx->mem, struct right_scope, before->scope_count + 1);
        struct rights hidden = { .scopes = scopes };

        for (size_t i = 0; i < before->scope_count; i++)
                if (permission_hidden(cx, before->scopes[i].register_name))
                        scopes[hidden.scope_count++] = before->scopes[i];
        return permission_join(cx->mem, after, &hidden);
}

/* Models ---------------------------------------------------------------------------------------------------------------------------- */

json_t *permission_words(const struct cx *cx, const struct rights *rights)
{
        str text = permission_format(arena_current, rights), word, name;
        json_t *list = json_array();

        while (!str_empty(text)) {
                word = str_cut(text, ' ', &text);
                (void)str_cut(word, ':', &name);
                if (str_absent(name) || !permission_hidden(cx, name))
                        must(json_array_append_new(list, json_str(word)) == 0);
        }
        return list;
}

static json_t *title_model(struct cx *cx, int p)
{
        json_t *m = json_object();

        json_set(m, "name", json_str(str_of(table[p].word)));
        json_set(m, "title", json_str(text_of(cx, p, "title")));
        json_set(m, "help", json_str(text_of(cx, p, "help")));
        return m;
}

static json_t *scope_model(struct cx *cx, int p, str name, bool denied)
{
        json_t *m = title_model(cx, p);

        json_set(m, "name", json_str(str_format(cx->mem, "%s%s:%.*s", denied ? "-" : "", table[p].word, STR_ARG(name))));
        json_set(m, "register", json_str(name));
        json_set(m, "denied", json_boolean(denied));
        return m;
}

json_t *permission_titles(struct cx *cx, const struct rights *r)
{
        json_t *list = json_array();

        for (int p = FIRST; p < PERMISSIONS; p++)
                if (r->all & bit(p))
                        must(json_array_append_new(list, json_set(json_set(title_model(cx, p), "register", json_null()), "denied", json_false())) ==
                             0);
        for (size_t i = 0; i < r->scope_count; i++)
                for (int p = FIRST; p < PERMISSIONS && !permission_hidden(cx, r->scopes[i].register_name); p++) {
                        const struct right_scope *s = &r->scopes[i];

                        if ((s->given & ~s->denied & ~r->all) & bit(p))
                                must(json_array_append_new(list, scope_model(cx, p, s->register_name, false)) == 0);
                        if (s->denied & bit(p))
                                must(json_array_append_new(list, scope_model(cx, p, s->register_name, true)) == 0);
                }
        return list;
}

json_t *permission_list(struct cx *cx)
{
        json_t *list = json_array();

        for (int p = FIRST; p < PERMISSIONS; p++)
                must(json_array_append_new(list, json_set(title_model(cx, p), "scoped", json_boolean(table[p].scope == REGISTER))) == 0);
        return list;
}

/* The grid ---------------------------------------------------------------------------------------------------------------------------- */

static bool in(const struct rights *r, int p, str name)
{
        if (str_absent(name))
                return (r->all & bit(p)) != 0;
        for (size_t i = 0; i < r->scope_count; i++)
                if (str_equal(r->scopes[i].register_name, name))
                        return (r->scopes[i].given & bit(p)) != 0;
        return false;
}

/* One right in a form: the word itself, whether it stands in each of the lists, and whether the caller could give it. */
static json_t *cell_model(struct cx *cx, const struct permission_lists *lists, int p, str name, str title)
{
        uint64_t give = str_absent(name) ? everywhere(&cx->permissions) : bits_for(&cx->permissions, name);
        json_t *m = title_model(cx, p), *groups = json_array();

        if (!str_absent(name))
                json_set(m, "name", json_str(str_format(cx->mem, "%s:%.*s", table[p].word, STR_ARG(name))));
        if (table[p].scope == REGISTER)
                json_set(m, "label", json_str(str_format(cx->mem, "%.*s: %s", STR_ARG(title), title_of(cx, p))));
        else
                json_set(m, "label", json_object_get(m, "title"));
        json_set(m, "held", json_boolean((give & bit(p)) != 0));
        json_set(m, "granted", json_boolean(in(&lists->given, p, name)));
        json_set(m, "denied", json_boolean(in(&lists->denied, p, name)));
        json_set(m, "by_itself", json_boolean(!in(&lists->given, p, name) && !in(&lists->denied, p, name)));
        json_set(m, "included", json_boolean(!str_absent(name) && (lists->given.all & bit(p)) != 0 && !in(&lists->given, p, name)));
        for (size_t i = 0; i < lists->group_count; i++)
                if (bits_for(&lists->groups[i].rights, name) & bit(p))
                        must(json_array_append_new(groups, json_set(json_object(), "group", json_str(lists->groups[i].name))) == 0);
        json_set(m, "has_groups", json_boolean(json_array_size(groups) > 0));
        json_set(m, "groups", groups);
        json_set(m, "may", json_boolean((bits_for(&lists->held, name) & bit(p)) != 0));
        return m;
}

static json_t *row_model(struct cx *cx, const struct permission_lists *lists, str name, str title)
{
        json_t *m = json_object(), *cells = json_array();

        for (int p = FIRST; p < PERMISSIONS; p++)
                if (table[p].scope == REGISTER)
                        must(json_array_append_new(cells, cell_model(cx, lists, p, name, title)) == 0);
        json_set(m, "register", json_str(name));
        json_set(m, "title", json_str(title));
        return json_set(m, "cells", cells);
}

rc permission_grid(struct cx *cx, const struct permission_lists *lists, json_t **ret)
{
        json_t *m = json_object(), *actions = json_array(), *rows = json_array(), *functions = json_array();
        struct permission_register *list;
        size_t count;

        TRY(sql_permission_register_all(cx, cx->lang == LANG_EN ? S("en") : S("ja"), &list, &count));
        must(json_array_append_new(rows, row_model(cx, lists, STR_NONE, page_text(cx->lang, "rights.every_register"))) == 0);
        for (size_t i = 0; i < count; i++)
                if (!permission_hidden(cx, list[i].name))
                        must(json_array_append_new(rows, row_model(cx, lists, list[i].name, list[i].title)) == 0);
        for (int p = FIRST; p < PERMISSIONS; p++)
                if (table[p].scope != OPERATOR || permission_held(cx, (enum permission)p))
                        must(json_array_append_new(table[p].scope == REGISTER ? actions : functions,
                                                   table[p].scope == REGISTER ? title_model(cx, p) : cell_model(cx, lists, p, STR_NONE, STR_NONE)) ==
                             0);
        json_set(m, "actions", actions);
        json_set(m, "rows", rows);
        json_set(m, "functions", functions);
        *ret = m;
        return RC_OK;
}
