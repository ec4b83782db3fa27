/* item_account.c - see item_account.h. */
#include "base/house.h"

#include "register/item_account.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "db/db.h"
#include "register/item_account.sql.h"
#include "register/item_text.h"
#include "register/sql.h"

enum item_reason item_account_read(struct arena *mem, const struct item *item, str s, str *ret)
{
        int64_t id;

        s = item_text_width(mem, s, ITEM_TEXT_NARROW);
        if (s.n > 1 && s.p[0] == '#' && str_int((str){ s.p + 1, s.n - 1 }, &id))
                s = (str){ s.p + 1, s.n - 1 };
        s = item_text_trim(s);
        if (s.n == 0 || s.n > 400 || (str_int(s, &id) && id <= 0))
                return ITEM_NOT_ACCOUNT;
        *ret = s;
        return ITEM_FINE;
}

static str name_of(struct cx *cx, const struct account_named *row)
{
        if (!str_is(row->state, "ended"))
                return row->name;
        return str_format(cx->mem, cx->lang == LANG_JA ? "%.*s（利用終了）" : "%.*s (removed)", STR_ARG(row->name));
}

rc item_account_find(struct cx *cx, const char *path, str text, str *ret, str *ret_name)
{
        struct account_named *row;
        int64_t id = 0;
        bool number;

        if (str_absent(text)) {
                *ret = text;
                return RC_OK;
        }
        number = str_int(text, &id);
        TRY(sql_item_account_find(cx, cx->tenant, number ? STR_NONE : text, id, &row));
        if (row == NULL)
                return fail(cx, RC_INVALID, path, "there is no account \"%.*s\"", STR_ARG(utf8_head(text, 100)));
        *ret = db_int(cx, row->id);
        if (ret_name != NULL)
                *ret_name = name_of(cx, row);
        return RC_OK;
}

bool item_account_any(const struct definition *def)
{
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].type == ITEM_ACCOUNT)
                        return true;
        return false;
}

rc item_account_names(struct cx *cx, const str *ids, size_t count, json_t **ret)
{
        struct account_named *rows;
        json_t *names = json_object();
        size_t n;

        TRY(sql_item_account_rows(cx, cx->tenant, db_array(cx, ids, count), &rows, &n));
        for (size_t i = 0; i < n; i++)
                (void)json_set(names, db_int(cx, rows[i].id).p, json_str(name_of(cx, &rows[i])));
        *ret = names;
        return RC_OK;
}

/* A member of an object that holds the number of an account. */
struct spot {
        json_t *object;
        const char *member;
};

static size_t spot_add(struct cx *cx, struct spot *spots, str *ids, size_t n, json_t *object, const char *member)
{
        const json_t *value = json_object_get(object, member);

        if (!json_is_integer(value))
                return n;
        spots[n] = (struct spot){ object, member };
        ids[n] = db_int(cx, json_integer_value(value));
        return n + 1;
}

static rc spots_name(struct cx *cx, const struct spot *spots, const str *ids, size_t n)
{
        json_t *names;

        if (n == 0)
                return RC_OK;
        TRY(item_account_names(cx, ids, n, &names));
        for (size_t i = 0; i < n; i++) {
                json_t *both = json_object(), *name = json_object_get(names, ids[i].p);

                (void)json_set(both, "id", json_object_get(spots[i].object, spots[i].member));
                (void)json_set(both, "heading", name ? name : json_str(str_format(cx->mem, "#%.*s", STR_ARG(ids[i]))));
                (void)json_set(spots[i].object, spots[i].member, both);
        }
        return RC_OK;
}

rc item_account_name(struct cx *cx, const struct definition *def, json_t *const *models, size_t count)
{
        struct spot *spots = NEW_ARRAY(cx->mem, struct spot, count * def->item_count + 1);
        str *ids = NEW_ARRAY(cx->mem, str, count * def->item_count + 1);
        size_t n = 0;

        for (size_t i = 0; i < def->item_count; i++)
                for (size_t k = 0; k < count && def->items[i].type == ITEM_ACCOUNT && sql_visible(cx, &def->items[i]); k++)
                        n = spot_add(cx, spots, ids, n, models[k], def->items[i].name.p);
        return spots_name(cx, spots, ids, n);
}

rc item_account_name_changes(struct cx *cx, const struct definition *def, json_t *changes)
{
        size_t room = 1, n = 0, i, k;
        struct spot *spots;
        json_t *change, *one;
        str *ids;

        json_array_foreach(changes, i, change)
                room += 2 * json_array_size(json_object_get(change, "items"));
        spots = NEW_ARRAY(cx->mem, struct spot, room);
        ids = NEW_ARRAY(cx->mem, str, room);
        json_array_foreach(changes, i, change) {
                json_array_foreach(json_object_get(change, "items"), k, one) {
                        const struct item *item = definition_item(def, json_get_text(one, "item"));

                        if (item == NULL || item->type != ITEM_ACCOUNT)
                                continue;
                        n = spot_add(cx, spots, ids, n, one, "old");
                        n = spot_add(cx, spots, ids, n, one, "new");
                }
        }
        return spots_name(cx, spots, ids, n);
}

rc item_account_options(struct cx *cx, json_t **ret)
{
        struct account_named *rows;
        json_t *list = json_array();
        size_t count;

        TRY(sql_item_account_all(cx, cx->tenant, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_set(json_object(), "value", json_str(db_int(cx, rows[i].id)));

                json_array_append_new(list, json_set(m, "title",
                                                     json_str(str_format(cx->mem, cx->lang == LANG_JA ? "%.*s（%.*s）" : "%.*s (%.*s)",
                                                                         STR_ARG(rows[i].name), STR_ARG(rows[i].login)))));
        }
        *ret = list;
        return RC_OK;
}
