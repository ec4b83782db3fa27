/* definition_fuzz.c - any bytes become a definition or a refusal; a definition can be written as YAML and read again,
 * and its DDL holds nothing but names that were checked. */
#include "base/house.h"

#include "register/definition.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "register/item.h"
#include "register/sql.h"

/* Outside '…' constants there is no character that could end a name or a statement early; inside stand only letters of
 * the house. */
static void ddl_check(struct cx *cx, const struct definition *def)
{
        struct sql *sql = sql_open(cx);

        sql_create_table(sql, def);
        for (size_t i = 0; i < def->item_count; i++) {
                sql_add_column(sql, def, &def->items[i]);
                if (def->items[i].unique)
                        sql_unique(sql, def, &def->items[i], true);
                sql_index(sql, def, &def->items[i], true);
        }
        sql_search(sql, def, true);
        sql_views(sql, def);
        must(!buf_full(&sql->text) && sql->count == 0);
        for (size_t i = 0; i < sql->text.n; i++)
                must((unsigned char)sql->text.p[i] < 0x80 && sql->text.p[i] != 0);
}

static void values_check(struct cx *cx, const struct definition *def, str text)
{
        str got, again;

        while (text.n > 0 && ((unsigned char)text.p[0] & 0xc0) == 0x80) /* whole characters: that is what item_read is promised */
                text = (str){ text.p + 1, text.n - 1 };
        text.n = utf8_span(text);
        for (size_t i = 0; i < def->item_count; i++) {
                struct item item = def->items[i];

                if (item_read(cx->mem, &item, text, &got) != ITEM_FINE || str_absent(got))
                        continue;
                must(item_read(cx->mem, &item, got, &again) == ITEM_FINE && str_equal(got, again)); /* what is stored stays as it is */
                (void)item_show(cx->mem, LANG_JA, &item, got);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(256)), .tenant = S("acme"), .lang = LANG_EN };
        str text = { (const char *)data, size };
        struct definition *def, *again;

        json_start();
        arena_current = cx.mem;
        if (definition_parse_yaml(&cx, text, &def) == RC_OK) {
                must(def->item_count > 0 && def->heading_count > 0);
                must(definition_parse_yaml(&cx, definition_yaml(cx.mem, def), &again) == RC_OK);
                must(json_equal(def->source, again->source));
                (void)definition_model(&cx, def);
                ddl_check(&cx, def);
                values_check(&cx, def, (str){ text.p + size / 2, size / 4 });
        } else {
                must(cx.failure.count > 0);
        }
        arena_close(cx.mem);
        return 0;
}
