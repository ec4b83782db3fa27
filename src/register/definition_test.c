/* Definitions as they are shipped, as people get them wrong, and as they are written back. */
#include "base/house.h"

#include "register/definition.h"

#include "base/fail.h"
#include "base/file.h"
#include "register/item.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx_open(void)
{
        struct cx cx = { .mem = arena_open(MB(16)), .lang = LANG_EN };

        json_start();
        arena_current = cx.mem;
        return cx;
}

static struct definition *shipped(struct cx *cx, const char *path)
{
        struct definition *def;
        str yaml;

        assert_int_equal(file_read(cx, path, MB(1), &yaml), RC_OK);
        if (definition_parse_yaml(cx, yaml, &def) != RC_OK)
                fail_msg("%s:%d: %s: %s", path, (int)cx->failure.problem[0].line, cx->failure.problem[0].item, cx->failure.problem[0].text.p);
        return def;
}

static void shipped_registers_are_whole(void **state)
{
        struct cx cx = cx_open();
        struct definition *customers = shipped(&cx, "registers/customers.yaml"), *orders = shipped(&cx, "registers/orders.yaml");

        assert_int_equal(customers->item_count, 12);
        assert_true(str_is(customers->key->name, "email"));
        assert_int_equal(customers->heading_count, 2);
        assert_int_equal(definition_item(customers, S("prefecture"))->choice_count, 47);
        assert_true(definition_item(customers, S("given_name"))->joined);
        assert_true(str_is(orders->master->reference, "customers"));
        assert_int_equal(orders->kind, REGISTER_HISTORY);
        for (size_t i = 0; i < customers->item_count; i++)
                assert_false(str_equal(customers->items[i].title[LANG_JA], customers->items[i].title[LANG_EN]));
        arena_close(cx.mem);
}

/* What stands at the head of files that come from elsewhere. */
static void headings_of_common_files_are_understood(void **state)
{
        /* clang-format off */
        static const struct {
                const char *heading, *item;
        } headings[] = {
                { "メールアドレス", "email" }, { "E-mail", "email" }, { "ｅ－ｍａｉｌ", "email" }, { "ﾒｰﾙｱﾄﾞﾚｽ", "email" }, { "mail", "email" }, { "EMAIL", "email" },
                { "姓", "family_name" }, { "氏名（姓）", "family_name" }, { "氏名(姓)", "family_name" }, { "名", "given_name" }, { "セイ", "family_kana" }, { "せい", "family_kana" },
                { "姓（カナ）", "family_kana" }, { "フリガナ（名）", "given_kana" }, { "性別", "gender" }, { "生年月日", "birthday" }, { "誕生日", "birthday" },
                { "〒", "postal_code" }, { "郵便番号", "postal_code" }, { "zip", "postal_code" }, { "都道府県", "prefecture" }, { "住所1", "prefecture" },
                { "住所２", "address" }, { "住所", "address" }, { "TEL", "telephone" }, { "電話番号 ", "telephone" }, { "携帯電話", "telephone" }, { "ポイント", "points" },
                { "points", "points" }, { "Family name", "family_name" },
        };
        /* clang-format on */
        struct cx cx = cx_open();
        struct definition *def = shipped(&cx, "registers/customers.yaml");

        for (size_t i = 0; i < COUNT(headings); i++) {
                const struct item *item = definition_heading(def, str_of(headings[i].heading));

                if (item == NULL || !str_is(item->name, headings[i].item))
                        fail_msg("%s means %s", headings[i].heading, item ? item->name.p : "nothing");
        }
        assert_null(definition_heading(def, S("")));
        assert_null(definition_heading(def, S("会社名")));
        arena_close(cx.mem);
}

static void mistakes_are_told_at_once_with_their_lines(void **state)
{
        static const struct {
                int64_t line;
                const char *item;
        } expected[] = { { 2, "kind" }, { 6, "items[0].type" }, { 8, "items[1].name" }, { 10, "items[1].max" }, { 11, "items[1].colour" } };
        struct cx cx = cx_open();
        struct definition *def;

        assert_int_equal(definition_parse_yaml(&cx,
                                               S("name: x\nkind: list\ntitle: 台帳\nitems:\n  - name: a\n    type: "
                                                 "txt\n    title: あ\n  - name: ctid\n"
                                                 "    type: integer\n    max: many\n    colour: red\n    title: い\n"),
                                               &def),
                         RC_INVALID);
        assert_int_equal(cx.failure.count, COUNT(expected));
        for (size_t i = 0; i < COUNT(expected); i++) {
                bool found = false;

                for (size_t j = 0; j < cx.failure.count; j++)
                        found =
                            found || (cx.failure.problem[j].line == expected[i].line && str_is(str_of(cx.failure.problem[j].item), expected[i].item));
                if (!found)
                        fail_msg("nothing is said about %s in line %d", expected[i].item, (int)expected[i].line);
        }
        arena_close(cx.mem);
}

static void written_back_it_is_the_same_definition(void **state)
{
        static const char *const paths[] = { "registers/customers.yaml", "registers/orders.yaml", "test/corpus/definition/small" };

        for (size_t i = 0; i < COUNT(paths); i++) {
                struct cx cx = cx_open();
                struct definition *def = shipped(&cx, paths[i]), *again;
                str text = definition_yaml(cx.mem, def);

                if (definition_parse_yaml(&cx, text, &again) != RC_OK)
                        fail_msg("%s: %s\n%.*s", paths[i], cx.failure.problem[0].text.p, STR_ARG(text));
                assert_true(json_equal(def->source, again->source));
                arena_close(cx.mem);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(shipped_registers_are_whole),
                cmocka_unit_test(headings_of_common_files_are_understood),
                cmocka_unit_test(mistakes_are_told_at_once_with_their_lines),
                cmocka_unit_test(written_back_it_is_the_same_definition),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
