/* record_input.c - see record_input.h. */
#include "base/house.h"

#include "register/record_input.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "identity/permission.h"
#include "register/item_account.h"
#include "register/move_rule.h"
#include "register/record_row.h"

/* A reference written as the key of the record it means; number: it was given as one, the record's own. Of a look-up list digits in a text are the key. */
static rc reference_find(struct cx *cx, const struct item *item, bool number, str text, str *ret)
{
        const struct definition *def;
        struct sql *sql;
        struct rows *rows;
        int64_t id;
        str key;

        if (str_absent(text) || (number && str_int(text, &id))) {
                *ret = text;
                return RC_OK;
        }
        TRY(definition_get(cx, item->reference, &def));
        if (str_int(text, &id) && def->kind != REGISTER_REFERENCE) {
                *ret = text;
                return RC_OK;
        }
        if (def->key == NULL || !sql_visible(cx, def->key) || !permission_held_for(cx, PERM_RECORD_READ, def->name))
                return fail(cx, RC_INVALID, item->name.p, "must be the number of a record");
        {
                struct item named = *def->key; /* its sentences speak about our item */

                named.name = item->name;
                TRY(item_parse(cx, &named, text, &key));
        }
        sql = sql_open(cx);
        sql_add(sql, "select r.id from ");
        sql_table(sql, def);
        sql_add(sql, " r where ");
        sql_column(sql, def->key);
        sql_add(sql, " = ");
        sql_value(sql, def->key, key);
        TRY(record_row_run(sql, def, &rows));
        if (rows_count(rows) == 0)
                return fail(cx, RC_INVALID, item->name.p, "there is no record with the key \"%.*s\"", STR_ARG(utf8_head(text, 100)));
        *ret = rows_text(rows, 0, 0);
        return RC_OK;
}

static void member_read(struct cx *cx, const struct item *item, const json_t *value, bool whole, struct record_input *in)
{
        size_t n = item->number;

        if (!item_stored(item)) {
                if (value != NULL && !json_is_null(value))
                        (void)fail(cx, RC_INVALID, item->name.p, "is made of other items and cannot be written");
                return;
        }
        if (!sql_visible(cx, item)) {
                if (value != NULL)
                        (void)fail(cx, RC_FORBIDDEN, item->name.p, "is a personal item, which this account may not see or write");
                else if (whole && item->required)
                        (void)fail(cx, RC_FORBIDDEN, item->name.p,
                                   "is a personal item that must be filled in, so this account cannot add records here");
                return;
        }
        if (value == NULL && !whole)
                return;
        if (item->type == ITEM_FILE && json_is_object(value)) { /* as it was read: it stays; or just handed in (attachment.c) */
                const json_t *taken = json_object_get(value, "taken");

                in->given[n] = json_is_integer(taken) && json_integer_value(taken) > 0;
                in->values[n] = in->given[n] ? db_int(cx, json_integer_value(taken)) : STR_NONE;
                return;
        }
        in->given[n] = true;
        if (item_parse_json(cx, item, value, &in->values[n]) == RC_OK && item->type == ITEM_REFERENCE && cx->failure.code == RC_OK)
                (void)reference_find(cx, item, !json_is_string(value), in->values[n], &in->values[n]);
        if (item->type == ITEM_ACCOUNT && cx->failure.code == RC_OK)
                if (item_account_find(cx, item->name.p, in->values[n], &in->values[n], NULL) != RC_OK)
                        return;
}

/* The state of a new record that is not told. */
static const json_t *value_or_begin(const struct definition *def, const struct item *item, const json_t *value, bool whole)
{
        bool empty = value == NULL || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);

        return whole && empty && item == def->state ? json_str(def->begins[0]) : value;
}

/* A new record begins in one of its first states; what it is later, moves decide. */
static void state_check(struct cx *cx, const struct definition *def, const struct record_input *in)
{
        str value = in->values[def->state->number];

        if (!str_absent(value) && !move_rule_begins(def, value))
                (void)fail(cx, RC_INVALID, def->state->name.p, "a new record begins as one of: %.*s", STR_ARG(move_rule_begins_text(cx, def)));
}

/* Check an object {item: value} against the definition: all mistakes at once. whole: what is not given is empty; else
 * it stays as it is. Unknown members and personal items a masked account may not see are refused. References written as
 * keys are looked up. */
rc record_input_read(struct cx *cx, const struct definition *def, const json_t *object, bool whole, struct record_input **ret)
{
        struct record_input *in = NEW(cx->mem, struct record_input);
        const char *name;
        json_t *value;

        if (!json_is_object(object))
                return fail(cx, RC_INVALID, NULL, "a record must be an object with the items as members");
        in->values = NEW_ARRAY(cx->mem, str, def->item_count);
        in->given = NEW_ARRAY(cx->mem, bool, def->item_count);
        json_object_foreach((json_t *)(uintptr_t)object, name, value)
                if (definition_item(def, str_of(name)) == NULL)
                        (void)fail(cx, RC_INVALID, arena_copy(cx->mem, name, strlen(name) + 1), "there is no such item in this register");
        for (size_t i = 0; i < def->item_count; i++)
                member_read(cx, &def->items[i], value_or_begin(def, &def->items[i], json_object_get(object, def->items[i].name.p), whole), whole, in);
        if (def->state != NULL && whole)
                state_check(cx, def, in);
        if (cx->failure.code != RC_OK)
                return cx->failure.code;
        *ret = in;
        return RC_OK;
}
