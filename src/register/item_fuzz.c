/* item_fuzz.c - any value of any type is stored in one form or refused, and what is stored stays as it is. First byte:
 * the type. */
#include "base/house.h"

#include "register/item.h"
#include "register/item_choice.h"

#include "base/fail.h"
#include "base/utf8.h"

static struct choice choices[] = {
        { .value = { "女", 3 }, .title = { { "女", 3 }, { "Female", 6 } } },
        { .value = { "その他", 9 }, .title = { { "その他", 9 }, { "Other", 5 } } },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(16)), .lang = LANG_JA };
        struct item item = { .name = S("x"), .max = 1000, .choices = choices, .choice_count = COUNT(choices), .title = { S("x"), S("x") } };
        str text, got, again;

        if (size == 0 || !utf8_valid((str){ (const char *)data + 1, size - 1 })) {
                arena_close(cx.mem);
                return 0;
        }
        arena_current = cx.mem;
        item.type = (enum item_type)(data[0] % ITEM_TYPES);
        item.lines = item.type == ITEM_TEXT && data[0] >= 128;
        item.min = item.type == ITEM_INTEGER || item.type == ITEM_DECIMAL ? -1000000 : 0;
        if (item.type == ITEM_CHOICES)
                item.max = COUNT(choices);
        if (item.type == ITEM_TEXT && (data[0] & 0x40) != 0)
                item.characters = data[0] * 0x9du >> 3 & 0xff; /* any set of classes */
        item.scale = item.type == ITEM_DECIMAL ? 2 : 0;
        item_choice_prepare(cx.mem, &item);
        text = (str){ (const char *)data + 1, size - 1 };
        if (item_parse(&cx, &item, text, &got) != RC_OK) {
                must(cx.failure.count == 1);
        } else if (!str_absent(got)) {
                must(got.n > 0 && utf8_valid(got));
                must(item_read(cx.mem, &item, got, &again) == ITEM_FINE && str_equal(got, again));
                must(item_show(cx.mem, LANG_EN, &item, got).n > 0);
                must(item_read(cx.mem, &item, item_write(cx.mem, LANG_JA, &item, got), &again) == ITEM_FINE && str_equal(got, again));
        }
        arena_close(cx.mem);
        return 0;
}
