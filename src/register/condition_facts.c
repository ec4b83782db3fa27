/* condition_facts.c - see condition_facts.h. */
#include "base/house.h"

#include "register/condition_facts.h"

#include "register/condition_node.h"

static void gather(const struct condition *c, struct condition_facts *facts)
{
        if (c->kind == LEAF) {
                facts->personal = facts->personal || (!c->system && c->item->personal);
                facts->moving = facts->moving || condition_node_ops[c->op].moving;
                facts->heavy = facts->heavy || condition_node_ops[c->op].operand == OF_TEXT;
                facts->asker = facts->asker || c->op == OP_IS_ME || c->op == OP_IS_NOT_ME;
        } else if (c->kind == HISTORY) {
                facts->history = true;
                facts->personal = facts->personal || c->history->master->personal || (c->when != NULL && c->when->personal);
                facts->moving = facts->moving || c->within_days > 0;
        }
        for (size_t i = 0; i < c->count; i++)
                gather(c->list[i], facts);
}

struct condition_facts condition_facts(const struct condition *c)
{
        struct condition_facts facts = { 0 };

        if (c != NULL)
                gather(c, &facts);
        return facts;
}

bool condition_facts_about(const struct condition *c, str history)
{
        if (c == NULL)
                return false;
        if (c->kind == HISTORY && str_equal(c->history->name, history))
                return true;
        for (size_t i = 0; i < c->count; i++)
                if (condition_facts_about(c->list[i], history))
                        return true;
        return false;
}

static void means_add(const struct condition *c, json_t *list)
{
        if (c->kind == SEGMENT) {
                json_t *one = json_object();

                (void)json_set(one, "id", json_integer(c->segment));
                (void)json_set(one, "name", json_str(c->segment_name));
                json_array_append_new(list, json_set(one, "condition", json_str(c->segment_means)));
        }
        for (size_t i = 0; i < c->count; i++)
                means_add(c->list[i], list);
}

json_t *condition_facts_means(const struct condition *c)
{
        json_t *list = json_array();

        if (c != NULL)
                means_add(c, list);
        return json_array_size(list) > 0 ? list : NULL;
}

int64_t condition_facts_segment(const struct condition *c)
{
        while (c != NULL && (c->kind == ALL || c->kind == ANY) && c->count == 1)
                c = c->list[0];
        return c != NULL && c->kind == SEGMENT ? c->segment : 0;
}
