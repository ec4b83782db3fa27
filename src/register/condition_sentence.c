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

/* 注文に「商品が茶」が2件以上（過去90日以内） */
static str history_sentence(struct cx *cx, const struct condition *c)
{
        static const char *const ja[] = { "がある", "が%lld件以上", "が%lld件以下", "がちょうど%lld件", "がない" }, *const en[] = {
                "has", "has at least %lld of", "has at most %lld of", "has exactly %lld of", "has no"
        };
        int how = c->amount == AMOUNT_EXACTLY && c->amount_of == 0 ? AMOUNT_EXACTLY + 1 : (int)c->amount;
        str inside = group_sentence(cx, c, false), title = c->history->title[cx->lang], within = S(""), on = S("");
        long long n = c->amount_of;

        if (c->within_days > 0) {
                const struct item *item = c->when;

                on = item ? item->title[cx->lang] : cx->lang == LANG_JA ? S("登録日") : S("Created on");
                within = cx->lang == LANG_JA ? str_format(cx->mem, "%.*sが過去%lld日以内の", STR_ARG(on), (long long)c->within_days)
                                             : str_format(cx->mem, " (%.*s in the last %lld days)", STR_ARG(on), (long long)c->within_days);
        }
        if (cx->lang == LANG_JA) {
                str amount = str_format(cx->mem, ja[how], n);

                return inside.n == 0
                           ? str_format(cx->mem, "%.*s%.*s%.*s", STR_ARG(within), STR_ARG(title), STR_ARG(amount))
                           : str_format(cx->mem, "%.*s%.*sに「%.*s」%.*s", STR_ARG(within), STR_ARG(title), STR_ARG(inside), STR_ARG(amount));
        }
        return str_format(cx->mem, "%.*s %.*s%.*s%s%.*s", STR_ARG(str_format(cx->mem, en[how], n)), STR_ARG(title), STR_ARG(within),
                          inside.n > 0 ? " where " : "", STR_ARG(inside));
}

str condition_sentence(struct cx *cx, const struct condition *c)
{
        if (c == NULL)
                return cx->lang == LANG_JA ? S("すべて") : S("everything");
        if (c->kind == LEAF)
                return leaf_sentence(cx, c);
        if (c->kind == SEGMENT)
                return str_format(cx->mem, cx->lang == LANG_JA ? "抽出条件「%.*s」に当てはまる" : "is in the segment “%.*s”",
                                  STR_ARG(c->segment_name));
        return c->kind == HISTORY ? history_sentence(cx, c) : group_sentence(cx, c, false);
}
