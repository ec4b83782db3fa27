/* definition_sentence.c - see definition_sentence.h. */
#include "base/house.h"

#include "register/definition_sentence.h"

#include "base/utf8.h"
#include "register/item.h"

/* What may be part of a sentence: what is text in every language and setting. */
static bool fits(enum item_type type)
{
        return type == ITEM_TEXT || type == ITEM_KANA || type == ITEM_EMAIL || type == ITEM_TELEPHONE || type == ITEM_POSTAL_CODE ||
               type == ITEM_URL || type == ITEM_INTEGER || type == ITEM_CHOICE;
}

static void part_add(struct reading *r, const struct place *at, struct item *item, str before, str name)
{
        const struct item *other = definition_item(r->def, name);

        if (item->part_count == SENTENCE_PARTS_MAX)
                definition_wrong(r, at, "sentence", "may name at most %d items", SENTENCE_PARTS_MAX);
        else if (other == NULL)
                definition_wrong(r, at, "sentence", "there is no item \"%.*s\"", STR_ARG(name));
        else if (!fits(other->type) || other->lines)
                definition_wrong(r, at, "sentence", "\"%.*s\" cannot be part of a sentence; texts of one line, whole numbers and choices can",
                                 STR_ARG(name));
        else
                item->parts[item->part_count++] = (struct sentence_part){ before, other };
}

/* What follows from its items: that it is personal, and it must not be taken for less confidential than they are. */
static void parts_check(struct reading *r, const struct place *at, const struct item *item)
{
        for (size_t i = 0; i < item->part_count; i++) {
                const struct item *part = item->parts[i].item;

                if (part->personal && !item->personal)
                        definition_wrong(r, at, "personal", "must be true, because \"%.*s\" is personal", STR_ARG(part->name));
                if (part->classification > item->classification)
                        definition_wrong(r, at, "classification", "must be %s at least, because \"%.*s\" is", item_label_name(part->classification),
                                         STR_ARG(part->name));
        }
}

void definition_sentence_read(struct reading *r, const struct place *at, struct item *item)
{
        static const char *const not_for[] = { "required", "unique", "indexed", "min", "max" };
        size_t start = 0, open = SIZE_MAX;
        str s = STR_NONE;

        if (item->type != ITEM_COMPUTED) {
                if (json_object_get(at->object, "sentence") != NULL)
                        definition_wrong(r, at, "sentence", "is only for items of type computed");
                return;
        }
        for (size_t i = 0; i < COUNT(not_for); i++)
                if (json_object_get(at->object, not_for[i]) != NULL)
                        definition_wrong(r, at, not_for[i], "is not for this type of item");
        if (!definition_member_text(r, at, "sentence", SENTENCE_MAX, true, &s))
                return;
        item->parts = NEW_ARRAY(r->cx->mem, struct sentence_part, SENTENCE_PARTS_MAX);
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '\'' || s.p[i] == '\\' || (unsigned char)s.p[i] < ' ') {
                        definition_wrong(r, at, "sentence", "must hold no quotes, backslashes and line breaks");
                        return;
                }
                if (s.p[i] == '{' && open == SIZE_MAX) {
                        open = i;
                } else if (s.p[i] == '}' && open != SIZE_MAX) {
                        part_add(r, at, item, (str){ s.p + start, open - start }, (str){ s.p + open + 1, i - open - 1 });
                        start = i + 1;
                        open = SIZE_MAX;
                } else if (s.p[i] == '{' || s.p[i] == '}') {
                        definition_wrong(r, at, "sentence", "must name items in braces, such as {family_name}");
                        return;
                }
        }
        item->sentence_end = (str){ s.p + start, s.n - start };
        if (open != SIZE_MAX || item->part_count == 0)
                definition_wrong(r, at, "sentence", "must name items in braces, such as {family_name}");
        else
                parts_check(r, at, item);
}

bool definition_sentence_same(const struct item *a, const struct item *b)
{
        if (a->part_count != b->part_count || !str_equal(a->sentence_end, b->sentence_end))
                return false;
        for (size_t i = 0; i < a->part_count; i++)
                if (!str_equal(a->parts[i].before, b->parts[i].before) || !str_equal(a->parts[i].item->name, b->parts[i].item->name))
                        return false;
        return true;
}

/* Checked when it was read, and once more here: nothing in it ends the quotes. No $ either: what it stands in may be the body of a function, between
 * two $daicho$. Composed SQL is ASCII. */
static void literal(struct sql *sql, str s)
{
        sql_add(sql, "U&'");
        for (size_t i = 0; i < s.n;) {
                char code[16];
                uint32_t c = utf8_decode(s, &i);

                must(c != '\'' && c != '\\' && c >= ' ');
                if (c < 0x80 && c != '$') {
                        buf_char(&sql->text, (char)c);
                        continue;
                }
                (void)snprintf(code, sizeof(code), "\\+%06X", (unsigned)c);
                buf_add(&sql->text, str_of(code));
        }
        sql_add(sql, "'");
}

static void part_column(struct sql *sql, const struct item *item, search_namer name, const void *of)
{
        name(sql, item, of);
        if (item->type == ITEM_INTEGER)
                sql_add(sql, "::text");
}

void definition_sentence_sql(struct sql *sql, const struct item *item, search_namer name, const void *of)
{
        sql_add(sql, "(case when num_nonnulls(");
        for (size_t i = 0; i < item->part_count; i++) {
                if (i > 0)
                        sql_add(sql, ", ");
                part_column(sql, item->parts[i].item, name, of);
        }
        sql_add(sql, ") > 0 then btrim(");
        for (size_t i = 0; i < item->part_count; i++) {
                str before = item->parts[i].before, words = before;

                while (words.n > 0 && words.p[words.n - 1] == ' ')
                        words.n--;
                literal(sql, words);
                sql_add(sql, " || coalesce(");
                literal(sql, (str){ before.p + words.n, before.n - words.n });
                sql_add(sql, " || ");
                part_column(sql, item->parts[i].item, name, of);
                sql_add(sql, ", '') || ");
        }
        literal(sql, item->sentence_end);
        sql_add(sql, ") end)");
}
