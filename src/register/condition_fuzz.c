/* condition_fuzz.c - any bytes become a condition or a refusal; a condition becomes a sentence and SQL in which nothing
 * of the input stands. Input: the condition as JSON. Histories need a database and are left to the whole-house tests.
 */
#include "base/house.h"

#include "register/condition.h"

#include "base/fail.h"

/* clang-format off */
static const char yaml[] = "name: x\ntitle: x\nitems:\n"
                           "  - { name: a, type: text, title: あ, searchable: true }\n  - { name: k, type: kana, title: か, searchable: joined }\n"
                           "  - { name: e, type: email, title: い, searchable: true }\n  - { name: t, type: telephone, title: て }\n"
                           "  - { name: z, type: postal_code, title: ゆ }\n  - { name: n, type: integer, title: す }\n"
                           "  - { name: d, type: date, title: ひ }\n  - { name: b, type: boolean, title: ぼ }\n"
                           "  - { name: c, type: choice, title: せ, choices: [東京都, 大阪府, x] }\n"
                           "  - { name: r, type: reference, title: さ, register: other }\n  - { name: p, type: text, title: ぴ, personal: true }\n";
/* clang-format on */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .tenant = S("acme") };
        str text = { (const char *)data, size };
        struct condition *condition;
        struct definition *def;
        json_t *json;

        json_start();
        arena_current = cx.mem;
        must(definition_parse_yaml(&cx, (str){ yaml, sizeof(yaml) - 1 }, &def) == RC_OK);
        cx.lang = size % 2 ? LANG_JA : LANG_EN;
        cx.masked = size % 3 == 0;
        if (size > CONDITION_SIZE_MAX || memmem(data, size, "history", 7) != NULL || memmem(data, size, "\\u", 2) != NULL) {
                arena_close(cx.mem);
                return 0;
        }
        if (json_read(&cx, text, &json) == RC_OK && condition_parse(&cx, def, json, &condition) == RC_OK) {
                must(condition_sentence(&cx, condition).n > 0);
                if (condition != NULL) {
                        struct sql *sql = sql_open(&cx);

                        condition_sql(sql, condition);
                        must(sql->count <= SQL_ARGS_MAX);
                        for (size_t i = 0; i < sql->text.n; i++) /* literals and names of the house only */
                                must((unsigned char)sql->text.p[i] < 0x80 && sql->text.p[i] != ';' && sql->text.p[i] != '\\');
                }
        } else {
                must(cx.failure.count > 0);
        }
        arena_close(cx.mem);
        return 0;
}
