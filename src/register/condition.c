/* condition.c - see condition.h. The pieces: condition_parse.c reads, condition_sql.c and condition_sentence.c write,
 * condition_node.c has the table of operators. */
#include "base/house.h"

#include "register/condition.h"

#include "base/fail.h"
#include "register/condition_node.h"
#include "register/item.h"

rc condition_read(struct cx *cx, const struct definition *def, str text, struct condition **ret, json_t **ret_json)
{
        json_t *json = NULL;

        text = str_trim(text);
        if (text.n > CONDITION_SIZE_MAX)
                return fail(cx, RC_TOO_LARGE, "condition", "may have at most %d bytes", CONDITION_SIZE_MAX);
        if (text.n > 0)
                TRY(json_read(cx, text, &json));
        TRY(condition_parse(cx, def, json, ret));
        *ret_json = json;
        return RC_OK;
}

/* A word that every record meant must hold in its search text. */
static bool word_needed(const struct cx *cx, const struct condition *c)
{
        return c->kind == LEAF && c->op == OP_CONTAINS && c->item->searchable && !cx->masked && !str_absent(c->word.grams);
}

size_t condition_words(const struct cx *cx, const struct condition *c, struct search_word *ret, size_t max)
{
        size_t n = 0;

        if (c == NULL)
                return 0;
        if (word_needed(cx, c) && max > 0) {
                ret[0] = c->word;
                return 1;
        }
        if (c->kind != ALL && c->kind != SEGMENT)
                return 0;
        for (size_t i = 0; i < c->count; i++)
                n += condition_words(cx, c->list[i], ret + n, max - n);
        return n;
}

json_t *condition_ops(struct cx *cx)
{
        json_t *list = json_array();

        for (int o = 0; o < OPS; o++) {
                struct buf types = buf_open(cx->mem, 200);
                json_t *op = json_object();

                for (int t = 0; t < ITEM_TYPES; t++)
                        if (condition_node_ops[o].types & 1 << t) {
                                if (types.n > 0)
                                        buf_char(&types, ' ');
                                buf_add(&types, str_of(item_type_name((enum item_type)t)));
                        }
                (void)json_set(op, "name", json_string(condition_node_ops[o].name));
                (void)json_set(op, "title", json_string(condition_node_ops[o].title[cx->lang]));
                (void)json_set(op, "types", json_str(buf_str(&types)));
                (void)json_set(op, "arity", json_stringn(&condition_node_ops[o].arity, 1));
                (void)json_set(op, "input",
                               json_string(condition_node_ops[o].operand == OF_NUMBER ? "number"
                                           : condition_node_ops[o].operand == OF_TEXT ? "text"
                                                                                      : ""));
                json_array_append_new(list, op);
        }
        return list;
}

size_t condition_system_items(const struct item **ret)
{
        *ret = condition_node_system;
        return CONDITION_SYSTEM_ITEMS;
}
