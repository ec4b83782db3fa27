/* folder.c - see folder.h. */
#include "base/house.h"

#include "mail/folder.h"

#include "base/fail.h"
#include "mail/folder.sql.h"
#include "mail/mail_head.h"

/* The whole tree, as it stands: rows with what is counted from them. */
struct tree {
        struct folder_row *row;
        size_t count;
        int64_t *mails, *mails_within, *folders_within;
        str *path;
        int64_t total, none, trash;
};

static bool find(const struct tree *t, int64_t id, size_t *ret)
{
        for (size_t i = 0; i < t->count; i++)
                if (t->row[i].id == id) {
                        *ret = i;
                        return true;
                }
        return false;
}

/* The row it stands in; t->count: at the top. */
static size_t parent_of(const struct tree *t, size_t i)
{
        size_t at = t->count;

        if (!t->row[i].parent_null)
                must(find(t, t->row[i].parent, &at));
        return at;
}

static rc tree_read(struct cx *cx, struct tree *ret)
{
        struct tree t = { 0 };
        struct folder_count *counts;
        size_t count, at;

        TRY(sql_folder_list(cx, &t.row, &t.count));
        TRY(sql_folder_counts(cx, &counts, &count));
        t.mails = NEW_ARRAY(cx->mem, int64_t, t.count + 1);
        t.mails_within = NEW_ARRAY(cx->mem, int64_t, t.count + 1);
        t.folders_within = NEW_ARRAY(cx->mem, int64_t, t.count + 1);
        t.path = NEW_ARRAY(cx->mem, str, t.count + 1);
        for (size_t i = 0; i < count; i++) {
                *(counts[i].trash ? &t.trash : &t.total) += counts[i].mails;
                if (!counts[i].trash && counts[i].folder_null)
                        t.none += counts[i].mails;
                if (!counts[i].folder_null && find(&t, counts[i].folder, &at))
                        t.mails[at] = counts[i].mails;
        }
        for (size_t i = 0; i < t.count; i++) { /* parents first */
                at = parent_of(&t, i);
                t.path[i] = at < t.count ? str_format(cx->mem, "%.*s / %.*s", STR_ARG(t.path[at]), STR_ARG(t.row[i].name)) : t.row[i].name;
        }
        for (size_t i = t.count; i-- > 0;) { /* and children first */
                t.mails_within[i] += t.mails[i];
                at = parent_of(&t, i);
                if (at < t.count) {
                        t.mails_within[at] += t.mails_within[i];
                        t.folders_within[at] += t.folders_within[i] + 1;
                }
        }
        *ret = t;
        return RC_OK;
}

static json_t *folder_model(const struct tree *t, size_t i)
{
        const struct folder_row *r = &t->row[i];
        json_t *m = json_object();

        json_set(m, "id", json_integer(r->id));
        json_set(m, "parent", r->parent_null ? json_null() : json_integer(r->parent));
        json_set(m, "name", json_str(r->name));
        json_set(m, "path", json_str(t->path[i]));
        json_set(m, "depth", json_integer(r->depth));
        json_set(m, "version", json_integer(r->version));
        json_set(m, "mails", json_integer(t->mails[i]));
        json_set(m, "mails_within", json_integer(t->mails_within[i]));
        json_set(m, "folders_within", json_integer(t->folders_within[i]));
        return m;
}

rc folder_list(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *list = json_array(), *counts = json_object();
        struct tree t;

        TRY(tree_read(cx, &t));
        for (size_t i = 0; i < t.count; i++)
                must(json_array_append_new(list, folder_model(&t, i)) == 0);
        json_set(counts, "total", json_integer(t.total));
        json_set(counts, "none", json_integer(t.none));
        json_set(counts, "trash", json_integer(t.trash));
        json_set(m, "folders", list);
        json_set(m, "counts", counts);
        *ret = m;
        return RC_OK;
}

static rc one_read(struct cx *cx, int64_t id, struct tree *ret, size_t *ret_at)
{
        TRY(tree_read(cx, ret));
        return find(ret, id, ret_at) ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such folder");
}

rc folder_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct tree t;
        size_t at;

        TRY(one_read(cx, id, &t, &at));
        *ret = folder_model(&t, at);
        return RC_OK;
}

rc folder_check(struct cx *cx, int64_t id, const char *item, str *ret_path)
{
        struct tree t;
        size_t at;

        *ret_path = STR_NONE;
        if (id == 0)
                return RC_OK;
        TRY(tree_read(cx, &t));
        if (!find(&t, id, &at))
                return fail(cx, RC_INVALID, item, "there is no such folder any more");
        *ret_path = t.path[at];
        return RC_OK;
}

static rc name_read(struct cx *cx, const json_t *in, str *ret)
{
        str name = json_get_text(in, "name");

        if (!str_absent(name))
                name = mail_head_trim(name);
        if (str_absent(name) || str_empty(name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(mail_head_check(cx, name, "name", FOLDER_NAME_MAX));
        *ret = name;
        return RC_OK;
}

/* Folders in a line from this one down to the deepest. */
static int64_t height(const struct tree *t, size_t at)
{
        int64_t deepest = t->row[at].depth;

        for (size_t i = at + 1; i < t->count && t->row[i].depth > t->row[at].depth; i++)
                if (t->row[i].depth > deepest)
                        deepest = t->row[i].depth;
        return deepest - t->row[at].depth + 1;
}

/* May what is `high` folders deep stand in `parent` (0: at the top)? self: what is moved; t->count: something new. */
static rc place_check(struct cx *cx, const struct tree *t, int64_t parent, size_t self, int64_t high)
{
        size_t at = t->count;

        if (parent == 0)
                return RC_OK;
        if (!find(t, parent, &at))
                return fail(cx, RC_INVALID, "parent", "there is no such folder any more");
        for (size_t i = at; i < t->count; i = parent_of(t, i))
                if (i == self)
                        return fail(cx, RC_INVALID, "parent", "a folder cannot stand within itself");
        if (t->row[at].depth + high > FOLDER_DEPTH_MAX)
                return fail(cx, RC_INVALID, "parent", "folders stand at most %d deep; choose one further up", FOLDER_DEPTH_MAX);
        return RC_OK;
}

rc folder_create(struct cx *cx, const json_t *in, json_t **ret)
{
        int64_t parent = json_integer_value(json_object_get(in, "parent")), id;
        struct tree t;
        str name;

        TRY(name_read(cx, in, &name));
        TRY(tree_read(cx, &t));
        if (t.count >= FOLDERS_MAX)
                return fail(cx, RC_CONFLICT, NULL, "there are %d folders, as many as there can be; delete one first", FOLDERS_MAX);
        TRY(place_check(cx, &t, parent, t.count, 1));
        TRY(sql_folder_insert(cx, name, parent ? &parent : NULL, &id));
        return folder_get(cx, id, ret);
}

rc folder_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        int64_t parent, changed;
        struct folder_row *row;
        struct tree t;
        size_t at;
        str name;

        TRY(one_read(cx, id, &t, &at));
        row = &t.row[at];
        *ret_before = folder_model(&t, at);
        if (row->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        name = row->name;
        parent = row->parent_null ? 0 : row->parent;
        if (json_object_get(in, "name") != NULL)
                TRY(name_read(cx, in, &name));
        if (json_object_get(in, "parent") != NULL)
                parent = json_integer_value(json_object_get(in, "parent"));
        TRY(place_check(cx, &t, parent, at, height(&t, at)));
        TRY(sql_folder_change(cx, id, version, name, parent ? &parent : NULL, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return folder_get(cx, id, ret);
}

rc folder_delete(struct cx *cx, int64_t id, json_t **ret)
{
        struct tree t;
        size_t at, changed;

        TRY(one_read(cx, id, &t, &at));
        if (t.mails_within[at] > 0 || t.folders_within[at] > 0)
                return fail(cx, RC_CONFLICT, NULL, "still in this folder: %lld mails and %lld folders; move or delete them first",
                            (long long)t.mails_within[at], (long long)t.folders_within[at]);
        TRY(sql_folder_erase(cx, id, &changed));
        if (changed == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such folder");
        *ret = folder_model(&t, at);
        return RC_OK;
}
