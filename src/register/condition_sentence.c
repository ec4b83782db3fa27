/* condition_sentence.c - a condition as people read it, in both languages. */
#include "base/house.h"

#include "register/condition_node.h"

#include "register/item.h"

static str shown(struct cx *cx, const struct condition *c, size_t i)
{
        struct item plain = *c->item;

        if (plain.type == ITEM_ACCOUNT && c->names != NULL && !str_absent(c->names[i]))
                return c->names[i];
        plain.era = false; /* a sentence is long enough */
        if (plain.type == ITEM_CHOICES)
                plain.type = ITEM_CHOICE;
        return condition_node_ops[c->op].operand == OF_ITEM && !(c->system && plain.type == ITEM_INTEGER)
                   ? item_show(cx->mem, cx->lang, &plain, c->values[i])
                   : c->values[i];
}

static str leaf_sentence(struct cx *cx, const struct condition *c)
{
        enum { SHOWN = 12 };
        const char *format = condition_node_ops[c->op].sentence[cx->lang];
        struct buf b = buf_open(cx->mem, KB(16));
        str second = S("");

        if (c->value_count == 1 && condition_node_ops[c->op].one[cx->lang] != NULL)
                format = condition_node_ops[c->op].one[cx->lang];
        if (c->item->type == ITEM_DATE && condition_node_ops[c->op].date[cx->lang] != NULL)
                format = condition_node_ops[c->op].date[cx->lang];
        for (size_t i = 0; i < c->value_count && i < SHOWN; i++) {
                if (c->op == OP_BETWEEN && i == 1) {
                        second = shown(cx, c, 1);
                        continue;
                }
                if (i > 0)
                        buf_add(&b, cx->lang == LANG_JA ? S("・") : S(", "));
                buf_add(&b, shown(cx, c, i));
        }
        if (c->value_count > SHOWN)
                buf_format(&b, cx->lang == LANG_JA ? "ほか%zu件" : " and %zu more", c->value_count - SHOWN);
        return str_format(cx->mem, format, str_z(cx->mem, c->item->title[cx->lang]), str_z(cx->mem, buf_str(&b)), str_z(cx->mem, second));
}

static str group_sentence(struct cx *cx, const struct condition *c, bool nested)
{
        struct buf b = buf_open(cx->mem, KB(32));
        bool ja = cx->lang == LANG_JA, brackets = nested && c->count > 1;
        str between = c->kind == ANY || c->kind == NONE ? (ja ? S("、または") : S(" or ")) : (ja ? S("、かつ") : S(" and "));

        if (c->count == 0)
                return c->kind == NONE || c->kind == ALL || c->kind == ANY ? (ja ? S("すべて") : S("everything")) : S("");
        if (c->kind == NONE)
                buf_add(&b, ja ? S("「") : S("not ("));
        else if (brackets)
                buf_add(&b, ja ? S("（") : S("("));
        for (size_t i = 0; i < c->count; i++) {
                if (i > 0)
                        buf_add(&b, between);
                if (c->list[i]->kind == ALL || c->list[i]->kind == ANY || c->list[i]->kind == NONE)
                        buf_add(&b, group_sentence(cx, c->list[i], c->kind != NONE || c->count > 1));
                else
                        buf_add(&b, condition_sentence(cx, c->list[i]));
        }
        if (c->kind == NONE)
                buf_add(&b, ja ? S("」ではない") : S(")"));
        else if (brackets)
                buf_add(&b, ja ? S("）") : S(")"));
        return buf_str(&b);
}

str condition_sentence(struct cx *cx, const struct condition *c)
{
        str inside;

        if (c == NULL)
                return cx->lang == LANG_JA ? S("すべて") : S("everything");
        if (c->kind == LEAF)
                return leaf_sentence(cx, c);
        if (c->kind != HISTORY)
                return group_sentence(cx, c, false);
        inside = group_sentence(cx, c, false);
        if (inside.n == 0)
                return str_format(cx->mem, cx->lang == LANG_JA ? "%.*sがある" : "has %.*s", STR_ARG(c->history->title[cx->lang]));
        return str_format(cx->mem, cx->lang == LANG_JA ? "%.*sに「%.*s」がある" : "has %.*s where %.*s", STR_ARG(c->history->title[cx->lang]),
                          STR_ARG(inside));
}
