/* Conditions as people read them and as the database gets them; refusals say where. */
#include "base/house.h"

#include "register/condition.h"

#include "base/fail.h"
#include "base/file.h"

#include <setjmp.h>
#include <cmocka.h>

static struct definition *customers(struct cx *cx)
{
        struct definition *def;
        str yaml;

        assert_int_equal(file_read(cx, "registers/customers.yaml", MB(1), &yaml), RC_OK);
        assert_int_equal(definition_parse_yaml(cx, yaml, &def), RC_OK);
        return def;
}

static struct cx cx_open(enum lang lang)
{
        struct cx cx = { .mem = arena_open(MB(16)), .lang = lang, .tenant = S("acme") };

        json_start();
        arena_current = cx.mem;
        return cx;
}

/* clang-format off */
static const struct {
        const char *json;
        const char *ja, *en;
} sentences[] = {
        { "{\"item\":\"prefecture\",\"op\":\"eq\",\"value\":\"Tokyo\"}", "都道府県が東京都", "Prefecture is Tokyo" },
        { "{\"item\":\"prefecture\",\"op\":\"in\",\"value\":[\"東京都\",\"大阪府\"]}", "都道府県が東京都・大阪府のいずれか", "Prefecture is one of Tokyo, Osaka" },
        { "{\"item\":\"points\",\"op\":\"ge\",\"value\":1200}", "ポイントが1,200以上", "Points is at least 1,200" },
        { "{\"item\":\"birthday\",\"op\":\"ge\",\"value\":\"平成2年2月3日\"}", "生年月日が1990年2月3日以降", "Date of birth is 3 Feb 1990 or after" },
        { "{\"item\":\"birthday\",\"op\":\"between\",\"value\":[\"1990-01-01\",\"1999-12-31\"]}", "生年月日が1990年1月1日から1999年12月31日まで",
          "Date of birth is between 1 Jan 1990 and 31 Dec 1999" },
        { "{\"item\":\"birthday\",\"op\":\"month_is\",\"value\":3}", "生年月日が3月（年は問わない）", "Date of birth is in month 3 of any year" },
        { "{\"item\":\"address\",\"op\":\"contains\",\"value\":\"銀座\"}", "住所に「銀座」を含む", "Address contains “銀座”" },
        { "{\"item\":\"telephone\",\"op\":\"empty\"}", "電話番号が未入力", "Telephone is empty" },
        { "{\"item\":\"created_at\",\"op\":\"last_days\",\"value\":7}", "登録日が過去7日以内", "Created on was in the last 7 days" },
        { "{\"all\":[{\"item\":\"points\",\"op\":\"gt\",\"value\":0},{\"any\":[{\"item\":\"gender\",\"op\":\"eq\",\"value\":\"女\"},{\"item\":\"gender\",\"op\":\"empty\"}]}]}",
          "ポイントが0より大きい、かつ（性別が女、または性別が未入力）", "Points is above 0 and (Gender is Female or Gender is empty)" },
        { "{\"none\":[{\"item\":\"prefecture\",\"op\":\"eq\",\"value\":\"東京都\"}]}", "「都道府県が東京都」ではない", "not (Prefecture is Tokyo)" },
        { "{\"all\":[]}", "すべて", "everything" },
};
/* clang-format on */

static void conditions_are_read_aloud(void **state)
{
        for (size_t i = 0; i < COUNT(sentences); i++)
                for (enum lang lang = LANG_JA; lang < LANG_END; lang++) {
                        struct cx cx = cx_open(lang);
                        struct condition *c;
                        json_t *json;
                        str got;

                        assert_int_equal(json_read(&cx, str_of(sentences[i].json), &json), RC_OK);
                        if (condition_parse(&cx, customers(&cx), json, &c) != RC_OK)
                                fail_msg("%s: %s", sentences[i].json, cx.failure.problem[0].text.p);
                        got = condition_sentence(&cx, c);
                        if (!str_is(got, lang == LANG_JA ? sentences[i].ja : sentences[i].en))
                                fail_msg("%s: %.*s", sentences[i].json, STR_ARG(got));
                        arena_close(cx.mem);
                }
}

static void values_are_parameters(void **state)
{
        struct cx cx = cx_open(LANG_EN);
        struct sql *sql = sql_open(&cx);
        struct condition *c;
        json_t *json;

        assert_int_equal(json_read(&cx,
                                   S("{\"all\":[{\"item\":\"family_name\",\"op\":\"eq\",\"value\":\"x'; "
                                     "drop\"},{\"item\":\"points\",\"op\":\"in\",\"value\":[1,2]},"
                                     "{\"item\":\"telephone\",\"op\":\"eq\",\"value\":\"0312345678\"}]}"),
                                   &json),
                         RC_OK);
        assert_int_equal(condition_parse(&cx, customers(&cx), json, &c), RC_OK);
        condition_sql(sql, c);
        assert_true(str_is(buf_str(&sql->text), "((r.\"family_name\" = $1::text) and (r.\"points\" = any ($2::bigint[])) and "
                                                "(replace(r.\"telephone\", '-', '') = $3::text))"));
        assert_int_equal(sql->count, 3);
        assert_true(str_is(sql->args[0], "x'; drop"));
        assert_true(str_is(sql->args[2], "0312345678"));
        arena_close(cx.mem);
}

static void masked_accounts_cannot_name_personal_items(void **state)
{
        struct cx cx = cx_open(LANG_EN);
        struct condition *c;
        json_t *json;

        cx.masked = true;
        assert_int_equal(json_read(&cx, S("{\"any\":[{\"item\":\"email\",\"op\":\"empty\"}]}"), &json), RC_OK);
        assert_int_equal(condition_parse(&cx, customers(&cx), json, &c), RC_FORBIDDEN);
        assert_string_equal(cx.failure.problem[0].item, "condition.any[0].item");
        arena_close(cx.mem);
}

static void every_operator_has_words_in_both_languages(void **state)
{
        struct cx cx = cx_open(LANG_JA);
        json_t *ja = condition_ops(&cx), *en;

        cx.lang = LANG_EN;
        en = condition_ops(&cx);
        assert_int_equal(json_array_size(ja), json_array_size(en));
        for (size_t i = 0; i < json_array_size(ja); i++) {
                str a = json_get_text(json_array_get(ja, i), "title"), b = json_get_text(json_array_get(en, i), "title");

                assert_true(a.n > 0 && b.n > 0 && !str_equal(a, b));
                assert_true(json_get_text(json_array_get(ja, i), "types").n > 0);
        }
        arena_close(cx.mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(conditions_are_read_aloud),
                cmocka_unit_test(values_are_parameters),
                cmocka_unit_test(masked_accounts_cannot_name_personal_items),
                cmocka_unit_test(every_operator_has_words_in_both_languages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
