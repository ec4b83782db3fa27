/* builder.c - see builder.h. */
#include "base/house.h"

#include "console/builder.h"

#include "register/condition.h"
#include "register/item.h"
#include "register/item_account.h"
#include "register/segment.h"

/* What can be asked about beside the items. */
static void system_items_add(struct cx *cx, json_t *reg)
{
        const struct item *items;
        size_t count = condition_system_items(&items);

        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                (void)json_set(m, "name", json_str(items[i].name));
                (void)json_set(m, "title", json_str(items[i].title[cx->lang]));
                (void)json_set(m, "type", json_string(item_type_name(items[i].type)));
                (void)json_set(m, "masked", json_false());
                json_array_append_new(json_object_get(reg, "items"), m);
        }
}

/* Accounts are offered by name. */
static rc choices_add(struct cx *cx, const struct definition *def, json_t *reg)
{
        json_t *options = NULL, *one;
        size_t i;

        if (item_account_any(def))
                TRY(item_account_options(cx, &options));
        json_array_foreach(json_object_get(reg, "items"), i, one) {
                if (options != NULL && str_is(json_get_text(one, "type"), "account"))
                        (void)json_set(one, "choices", options);
                (void)json_set(one, "has_choices", json_boolean(json_array_size(json_object_get(one, "choices")) > 0));
        }
        return RC_OK;
}

static rc whole(struct cx *cx, const struct definition *def, json_t *reg)
{
        TRY(choices_add(cx, def, reg));
        system_items_add(cx, reg);
        return RC_OK;
}

rc builder_dress(struct cx *cx, const struct definition *def, int64_t segment, json_t *model)
{
        json_t *histories = json_array(), *saved;
        const struct definition **list;
        size_t count;

        (void)json_set(model, "ops", condition_ops(cx));
        TRY(whole(cx, def, json_object_get(model, "register")));
        TRY(definition_histories(cx, def->name, &list, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_object();

                if (cx->masked && list[i]->master->personal)
                        continue;
                (void)json_set(m, "name", json_str(list[i]->name));
                (void)json_set(m, "title", json_str(list[i]->title[cx->lang]));
                (void)json_set(m, "items", json_object_get(definition_model(cx, list[i]), "items"));
                TRY(whole(cx, list[i], m));
                json_array_append_new(histories, m);
        }
        (void)json_set(model, "histories", histories);
        TRY(segment_options(cx, def, segment, &saved));
        (void)json_set(model, "saved", saved);
        return RC_OK;
}
