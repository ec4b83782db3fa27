/* define_segments.c - see define_segments.h. Each condition is read twice, as the register is and as it is to become: so whatever makes one meaningless is
 * found - an item that goes, another type, a choice that is no more. */
#include "base/house.h"

#include "register/define_segments.h"

#include "base/fail.h"
#include "db/db.h"
#include "identity/permission.h"
#include "register/condition.h"
#include "register/segment.sql.h"

/* Can it be read? As the house: whose right it was to save one was asked when it was saved. */
static rc readable(struct cx *cx, const struct definition *def, const struct definition *wanted, const struct segment_named *row, bool *ret)
{
        struct cx all = *cx;
        struct condition *condition;
        json_t *json;
        rc code;

        all.actor.kind = ACTOR_SYSTEM;
        all.permissions = permission_all();
        code = json_read(&all, row->condition, &json);
        if (code == RC_OK)
                code = condition_parse_as(
                    &all, def, json, &(struct condition_reading){ .segment = row->id, .saved = true, .bare = true, .wanted = wanted }, &condition);
        if (code != RC_OK && code != RC_INVALID && code != RC_FORBIDDEN && code != RC_TOO_LARGE) {
                cx->failure = all.failure;
                return code;
        }
        *ret = code == RC_OK;
        return RC_OK;
}

static json_t *model(struct cx *cx, const struct definition *def, const struct segment_named *row)
{
        bool seen = row->shared || (cx->actor.kind == ACTOR_ACCOUNT && row->owner == cx->actor.id);
        json_t *m = json_object();

        (void)json_set(m, "id", seen ? json_integer(row->id) : json_null());
        (void)json_set(m, "name", seen ? json_str(row->name) : json_null());
        return json_set(m, "register", json_str(def->name));
}

/* now, then: the definition of its register before and after; of a history's master both are the same, and `wanted` is the history. */
static rc of_register(struct cx *cx, const struct definition *now, const struct definition *then, const struct definition *wanted, json_t *list)
{
        struct segment_named *rows;
        size_t count;

        TRY(sql_segment_named(cx, now->id, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                bool before, after = true;

                TRY(readable(cx, now, NULL, &rows[i], &before));
                if (before)
                        TRY(readable(cx, then, wanted, &rows[i], &after));
                if (!after)
                        json_array_append_new(list, model(cx, now, &rows[i]));
        }
        return RC_OK;
}

/* The operator's desk sees no condition: so many name an item that goes. */
static rc at_desk(struct cx *cx, const struct definition *old, const struct definition *wanted, int64_t master, json_t *list)
{
        str *names = NEW_ARRAY(cx->mem, str, old->item_count + 1);
        size_t count = 0;
        int64_t number;

        for (size_t i = 0; i < old->item_count; i++)
                if (definition_item_ever(wanted, old->items[i].name) == NULL)
                        names[count++] = old->items[i].name;
        TRY(sql_segment_naming(cx, old->id, master, db_array(cx, names, count), &number));
        for (int64_t i = 0; i < number; i++) {
                json_t *m = json_object();

                (void)json_set(m, "id", json_null());
                (void)json_set(m, "name", json_null());
                json_array_append_new(list, json_set(m, "register", json_str(old->name)));
        }
        return RC_OK;
}

rc define_segments_lost(struct cx *cx, const struct definition *old, const struct definition *wanted, json_t **ret)
{
        const struct definition *master = NULL;
        json_t *list = json_array();

        *ret = list;
        if (old->master != NULL)
                TRY(definition_get(cx, old->master->reference, &master));
        if (cx->desk)
                return at_desk(cx, old, wanted, master ? master->id : 0, list);
        TRY(of_register(cx, old, wanted, NULL, list));
        if (master != NULL)
                TRY(of_register(cx, master, master, wanted, list));
        return RC_OK;
}
