/* mapping.c - see mapping.h. */
#include "base/house.h"

#include "register/mapping.h"

#include "base/buf.h"
#include "base/charset.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/utf8.h"
#include "identity/permission.h"
#include "register/item_text.h"
#include "register/mapping.sql.h"

#include <stdlib.h>

/* Who asks: an account; 0 for keys and commands, which together own what they make. */
static int64_t me(const struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT ? cx->actor.id : 0;
}

static bool may_change(const struct cx *cx, const struct definition *def, const struct mapping_row *row)
{
        return row->owner == me(cx) || (row->shared && permission_held_for(cx, PERM_REGISTER_DEFINE, def->name));
}

/* Headings ------------------------------------------------------------------------------------------------------------------------- */

static int text_order(const void *a, const void *b)
{
        const str *x = a, *y = b;
        int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

        return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static str plain(struct cx *cx, str heading)
{
        return item_text_plain(cx->mem, utf8_head(str_trim(heading), MAPPING_HEADING_MAX));
}

/* The same for the same headings, in whatever order; empty ones do not count. */
static str digest_of(struct cx *cx, const str *headings, size_t count)
{
        str *list = NEW_ARRAY(cx->mem, str, count + 1);
        uint8_t digest[SHA256_SIZE];
        struct buf b = buf_open(cx->mem, (size_t)MAPPING_COLUMNS_MAX * (MAPPING_HEADING_MAX * 12 + 1) + 1);
        size_t n = 0;

        for (size_t i = 0; i < count; i++)
                if (plain(cx, headings[i]).n > 0)
                        list[n++] = plain(cx, headings[i]);
        qsort(list, n, sizeof(*list), text_order);
        for (size_t i = 0; i < n; i++) {
                buf_add(&b, list[i]);
                buf_char(&b, '\n');
        }
        crypto_sha256(buf_str(&b), digest);
        return crypto_hex(cx->mem, digest, sizeof(digest));
}

/* Models --------------------------------------------------------------------------------------------------------------------------- */

static json_t *column_model(struct cx *cx, const struct definition *def, str heading, const json_t *kept)
{
        const struct item *item = json_is_string(kept) ? definition_item_ever(def, json_text(kept)) : NULL;
        json_t *m = json_object();

        (void)json_set(m, "heading", json_str(heading));
        (void)json_set(m, "item", item ? json_str(item->name) : json_null());
        if (item != NULL) {
                (void)json_set(m, "title", json_str(item->title[cx->lang]));
                if (!str_equal(item->name, json_text(kept)))
                        (void)json_set(m, "renamed", json_str(json_text(kept)));
        } else if (json_is_string(kept)) {
                (void)json_set(m, "lost", json_str(json_text(kept)));
        }
        return m;
}

static rc row_model(struct cx *cx, const struct definition *def, const struct mapping_row *row, json_t **ret)
{
        json_t *m = json_object(), *list = json_array(), *kept, *one;
        bool wanting = false;
        size_t i;

        TRY(json_read(cx, row->columns, &kept));
        json_array_foreach(kept, i, one) {
                json_t *column = column_model(cx, def, json_text(json_array_get(one, 0)), json_array_get(one, 1));

                wanting = wanting || json_object_get(column, "lost") != NULL;
                json_array_append_new(list, column);
        }
        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "version", json_integer(row->version));
        (void)json_set(m, "name", json_str(row->name));
        (void)json_set(m, "owner", json_str(row->owner_name));
        (void)json_set(m, "mine", json_boolean(row->owner == me(cx)));
        (void)json_set(m, "shared", json_boolean(row->shared));
        (void)json_set(m, "may_change", json_boolean(may_change(cx, def, row)));
        (void)json_set(m, "columns", list);
        (void)json_set(m, "wanting", json_boolean(wanting));
        (void)json_set(m, "encoding", json_str(row->encoding));
        (void)json_set(m, "separator", json_str(row->separator));
        (void)json_set(m, "blank", json_str(row->blank));
        (void)json_set(m, "refused", json_str(row->refused));
        (void)json_set(m, "updated_at", json_str(clock_rfc3339(cx->mem, row->updated_at)));
        *ret = m;
        return RC_OK;
}

static rc open_for(struct cx *cx, str register_name, const struct definition **ret)
{
        if (cx->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "an account that may not see personal items cannot import files");
        return definition_get(cx, register_name, ret);
}

rc mapping_list(struct cx *cx, str register_name, json_t **ret)
{
        json_t *model = json_object(), *list = json_array(), *one;
        const struct definition *def;
        struct mapping_row *rows;
        size_t count;

        TRY(open_for(cx, register_name, &def));
        TRY(sql_mapping_rows(cx, def->id, me(cx), 0, STR_NONE, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                TRY(row_model(cx, def, &rows[i], &one));
                json_array_append_new(list, one);
        }
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "mappings", list);
        *ret = model;
        return RC_OK;
}

static rc row_find(struct cx *cx, const struct definition *def, int64_t id, struct mapping_row **ret)
{
        size_t count = 0;

        if (id > 0)
                TRY(sql_mapping_rows(cx, def->id, me(cx), id, STR_NONE, ret, &count));
        return count == 1 ? RC_OK : fail(cx, RC_UNKNOWN, NULL, "there is no such saved mapping");
}

rc mapping_get(struct cx *cx, str register_name, int64_t id, json_t **ret)
{
        json_t *model = json_object(), *one;
        const struct definition *def;
        struct mapping_row *row;

        TRY(open_for(cx, register_name, &def));
        TRY(row_find(cx, def, id, &row));
        TRY(row_model(cx, def, row, &one));
        (void)json_set(model, "register", definition_model(cx, def));
        (void)json_set(model, "mapping", one);
        *ret = model;
        return RC_OK;
}

/* Saving --------------------------------------------------------------------------------------------------------------------------- */

/* {heading: item} as it is kept: [[heading, item]]; each item once, and the key among them. */
static rc columns_read(struct cx *cx, const struct definition *def, const json_t *columns, str *ret_text, str *ret_digest)
{
        json_t *list = json_array(), *value;
        str *headings = NEW_ARRAY(cx->mem, str, MAPPING_COLUMNS_MAX);
        const struct item **used = NEW_ARRAY(cx->mem, const struct item *, MAPPING_COLUMNS_MAX);
        const char *name;
        size_t n = 0, items = 0;
        bool has_key = def->key == NULL;

        if (!json_is_object(columns) || json_object_size(columns) == 0 || json_object_size(columns) > MAPPING_COLUMNS_MAX)
                return fail(cx, RC_INVALID, "columns", "must name 1 to %d headings, each with its item or nothing", MAPPING_COLUMNS_MAX);
        json_object_foreach((json_t *)(uintptr_t)columns, name, value) {
                str heading = str_trim(str_of(name)), text = json_is_string(value) ? str_trim(json_text(value)) : S("");
                const struct item *item = text.n > 0 ? definition_item(def, text) : NULL;
                json_t *pair = json_array();

                if (heading.n == 0 || utf8_length(heading) > MAPPING_HEADING_MAX || text_control(heading, false) < heading.n)
                        return fail(cx, RC_INVALID, "columns", "a heading must be a text of 1 to %d characters", MAPPING_HEADING_MAX);
                if ((!json_is_string(value) && !json_is_null(value)) ||
                    (text.n > 0 && (item == NULL || !item_stored(item) || item->type == ITEM_FILE)))
                        return fail(cx, RC_INVALID, "columns", "there is no item \"%.*s\" that files could hold", STR_ARG(text));
                for (size_t i = 0; i < n; i++)
                        if (str_equal(plain(cx, headings[i]), plain(cx, heading)))
                                return fail(cx, RC_INVALID, "columns", "the heading \"%.*s\" stands here twice", STR_ARG(heading));
                for (size_t i = 0; i < items && item != NULL; i++)
                        if (used[i] == item)
                                return fail(cx, RC_INVALID, "columns", "two headings hold the item \"%.*s\"", STR_ARG(item->title[cx->lang]));
                if (item != NULL)
                        used[items++] = item;
                has_key = has_key || item == def->key;
                headings[n++] = heading;
                json_array_append_new(pair, json_str(heading));
                json_array_append_new(pair, item ? json_str(item->name) : json_null());
                json_array_append_new(list, pair);
        }
        if (items == 0 || !has_key)
                return fail(cx, RC_INVALID, "columns", "one of the headings must hold the item \"%.*s\": it tells which record a row belongs to",
                            STR_ARG(def->key ? def->key->title[cx->lang] : def->items[0].title[cx->lang]));
        *ret_text = json_write(cx->mem, list);
        *ret_digest = digest_of(cx, headings, n);
        return RC_OK;
}

static rc choices_check(struct cx *cx, const struct mapping_order *order)
{
        enum charset set;

        if (!str_empty(order->encoding) && !str_is(order->encoding, "auto") && !charset_find(order->encoding, &set))
                return fail(cx, RC_INVALID, "encoding", "must be auto, utf-8, cp932, utf-16le or utf-16be");
        if (!str_empty(order->separator) && !str_is(order->separator, "auto") && !str_is(order->separator, "comma") &&
            !str_is(order->separator, "tab"))
                return fail(cx, RC_INVALID, "separator", "must be one of: %s", "auto comma tab");
        if (!str_empty(order->blank) && !str_is(order->blank, "clear") && !str_is(order->blank, "keep"))
                return fail(cx, RC_INVALID, "blank", "must be clear or keep");
        if (!str_empty(order->refused) && !str_is(order->refused, "skip") && !str_is(order->refused, "stop"))
                return fail(cx, RC_INVALID, "refused", "must be one of: %s", "skip stop");
        if (!str_absent(order->name) && str_empty(str_trim(order->name)))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        return RC_OK;
}

static str given(str now, str before)
{
        return !str_absent(now) ? now : str_absent(before) ? S("") : before;
}

static rc change(struct cx *cx, const struct definition *def, const struct mapping_order *order)
{
        struct mapping_row *row;
        str columns, digest = STR_NONE;
        json_t *kept, *now = json_object(), *one;
        size_t changed, i;

        TRY(row_find(cx, def, order->id, &row));
        if (!may_change(cx, def, row))
                return fail(cx, RC_FORBIDDEN, NULL, "a saved mapping is changed by whose it is; a shared one also by who may define the register");
        if (order->columns != NULL) {
                TRY(columns_read(cx, def, order->columns, &columns, &digest));
        } else { /* items that are gone go with it */
                TRY(json_read(cx, row->columns, &kept));
                json_array_foreach(kept, i, one) {
                        const struct item *item = definition_item_ever(def, json_text(json_array_get(one, 1)));

                        (void)json_set(now, json_string_value(json_array_get(one, 0)), item ? json_str(item->name) : json_null());
                }
                TRY(columns_read(cx, def, now, &columns, &digest));
        }
        TRY(sql_mapping_update(cx, order->id, order->version, str_trim(given(order->name, row->name)),
                               order->shared_given ? order->shared || row->owner == 0 : row->shared, columns, digest,
                               given(order->encoding, row->encoding), given(order->separator, row->separator), given(order->blank, row->blank),
                               given(order->refused, row->refused), &changed));
        return changed == 1 ? RC_OK : fail(cx, RC_STALE, NULL, "somebody else changed this mapping at the same moment; please look at it again");
}

rc mapping_save(struct cx *cx, str register_name, const struct mapping_order *order, int64_t *ret_id)
{
        const struct definition *def;
        str columns, digest;
        int64_t number;

        TRY(open_for(cx, register_name, &def));
        TRY(choices_check(cx, order));
        *ret_id = order->id;
        if (order->id != 0)
                return change(cx, def, order);
        if (str_absent(order->name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(columns_read(cx, def, order->columns, &columns, &digest));
        TRY(sql_mapping_number(cx, def->id, &number));
        if (number >= MAPPING_MAX)
                return fail(cx, RC_CONFLICT, NULL, "a register has at most %d saved mappings; please delete one that nobody needs", MAPPING_MAX);
        return sql_mapping_insert(cx, def->id, str_trim(order->name), me(cx), cx->actor.name, order->shared || me(cx) == 0, columns, digest,
                                  given(order->encoding, S("")), given(order->separator, S("")), given(order->blank, S("")),
                                  given(order->refused, S("")), ret_id);
}

rc mapping_erase(struct cx *cx, str register_name, int64_t id, int64_t version)
{
        const struct definition *def;
        struct mapping_row *row;
        size_t changed;

        TRY(open_for(cx, register_name, &def));
        TRY(row_find(cx, def, id, &row));
        if (!may_change(cx, def, row))
                return fail(cx, RC_FORBIDDEN, NULL, "a saved mapping is changed by whose it is; a shared one also by who may define the register");
        TRY(sql_mapping_delete(cx, id, version, &changed));
        return changed == 1 ? RC_OK : fail(cx, RC_STALE, NULL, "somebody else changed this mapping at the same moment; please look at it again");
}

/* For the import ------------------------------------------------------------------------------------------------------------------- */

rc mapping_find(struct cx *cx, const struct definition *def, str wanted, const str *headings, size_t count, json_t **ret)
{
        struct mapping_row *rows;
        size_t found;
        int64_t id;

        *ret = NULL;
        if (str_int(wanted, &id)) {
                TRY(row_find(cx, def, id, &rows));
                return row_model(cx, def, rows, ret);
        }
        if (!str_is(wanted, "auto"))
                return RC_OK;
        TRY(sql_mapping_rows(cx, def->id, me(cx), 0, digest_of(cx, headings, count), &rows, &found));
        return found == 0 ? RC_OK : row_model(cx, def, &rows[0], ret);
}

bool mapping_column(struct cx *cx, const struct definition *def, const json_t *mapping, str heading, const struct item **ret)
{
        json_t *one;
        size_t i;

        json_array_foreach(json_object_get(mapping, "columns"), i, one) {
                str item = json_get_text(one, "item");

                if (!str_equal(plain(cx, json_get_text(one, "heading")), plain(cx, heading)))
                        continue;
                *ret = str_absent(item) ? NULL : definition_item(def, item);
                return true;
        }
        return false;
}
