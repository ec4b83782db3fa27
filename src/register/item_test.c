/* Values as people and files write them. */
#include "base/house.h"

#include "register/item.h"
#include "register/item_choice.h"
#include "register/item_choices.h"
#include "register/item_class.h"

#include "base/fail.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#define WORD(literal)                                                                                                                                \
        {                                                                                                                                            \
                literal, sizeof(literal) - 1                                                                                                         \
        }

static struct choice genders[] = {
        { .value = { "女", 3 }, .title = { { "女", 3 }, { "Female", 6 } } },
        { .value = { "男", 3 }, .title = { { "男", 3 }, { "Male", 4 } } },
        { .value = { "その他", 9 }, .title = { { "その他", 9 }, { "Other", 5 } } },
};

static struct item item_of(struct arena *mem, enum item_type type)
{
        static str woman[] = { { "女性", 6 }, { "F", 1 } };
        struct item i = { .name = S("x"), .type = type, .max = 1000, .title = { S("甲"), S("X") } };

        if (type == ITEM_INTEGER) {
                i.min = -1000000;
                i.max = 1000000;
        }
        if (type == ITEM_DECIMAL) {
                i.min = -1000;
                i.max = 1000000;
                i.scale = 2;
        }
        if (type == ITEM_CHOICES)
                i.max = 2;
        if (type == ITEM_CHOICE || type == ITEM_CHOICES) {
                genders[0].aliases = woman;
                genders[0].alias_count = 2;
                i.choices = genders;
                i.choice_count = COUNT(genders);
                item_choice_prepare(mem, &i);
        }
        return i;
}

struct sample {
        enum item_type type;
        const char *raw;
        const char *stored; /* NULL: empty, or refused */
        enum item_reason reason;
};

/* clang-format off */
static const struct sample samples[] = {
        { ITEM_TEXT, "佐藤", "佐藤", ITEM_FINE },
        { ITEM_TEXT, "　佐藤 ", "佐藤", ITEM_FINE },
        { ITEM_TEXT, " \t", NULL, ITEM_FINE },
        { ITEM_TEXT, "　", NULL, ITEM_FINE },
        { ITEM_TEXT, "ｻﾄｳ ﾀﾞｲﾊﾟｯｸ ｳﾞ", "サトウ ダイパック ヴ", ITEM_FINE },
        { ITEM_TEXT, "がき\xe3\x82\x99", "がぎ", ITEM_FINE },
        { ITEM_TEXT, "１－２－３　ＡＢＣ", "1-2-3　ABC", ITEM_FINE },
        { ITEM_TEXT, "株式会社（本店）！", "株式会社（本店）！", ITEM_FINE },
        { ITEM_TEXT, "神㈱①髙﨑𠮷", "神㈱①髙﨑𠮷", ITEM_FINE },
        { ITEM_TEXT, "a\r\nb", "a b", ITEM_FINE },
        { ITEM_TEXT, "a\x07", NULL, ITEM_CONTROL },
        { ITEM_TEXT, "ﾞ", "゛", ITEM_FINE },
        { ITEM_KANA, "サトウ", "サトウ", ITEM_FINE },
        { ITEM_KANA, "さとう", "サトウ", ITEM_FINE },
        { ITEM_KANA, "ｻﾄｳ", "サトウ", ITEM_FINE },
        { ITEM_KANA, "ﾜﾀﾅﾍﾞ　ｴﾘｰ", "ワタナベ エリー", ITEM_FINE },
        { ITEM_KANA, "エリ-", "エリー", ITEM_FINE },
        { ITEM_KANA, "漢字", NULL, ITEM_NOT_KANA },
        { ITEM_KANA, "sato", NULL, ITEM_NOT_KANA },
        { ITEM_EMAIL, "hanako@example.jp", "hanako@example.jp", ITEM_FINE },
        { ITEM_EMAIL, "Hanako@Example.JP", "Hanako@example.jp", ITEM_FINE },
        { ITEM_EMAIL, "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp", ITEM_FINE },
        { ITEM_EMAIL, "a..b@docomo.ne.jp", "a..b@docomo.ne.jp", ITEM_FINE },
        { ITEM_EMAIL, ".a.@ezweb.ne.jp", ".a.@ezweb.ne.jp", ITEM_FINE },
        { ITEM_EMAIL, "\"a..b\"@docomo.ne.jp", "a..b@docomo.ne.jp", ITEM_FINE },
        { ITEM_EMAIL, "a@b@x.jp", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "a b@x.jp", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "a@", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "@x.jp", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "a@x", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "a@x.jp。", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "a@-x.jp", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "a@192.168.0.1", NULL, ITEM_NOT_EMAIL },
        { ITEM_EMAIL, "佐藤@x.jp", NULL, ITEM_NOT_EMAIL },
        { ITEM_URL, "https://www.example.jp/", "https://www.example.jp/", ITEM_FINE },
        { ITEM_URL, "HTTP://WWW.Example.JP:8080/A?b=C#d", "http://www.example.jp:8080/A?b=C#d", ITEM_FINE },
        { ITEM_URL, "www.example.jp/東京", "https://www.example.jp/東京", ITEM_FINE },
        { ITEM_URL, "ｗｗｗ．ｅｘａｍｐｌｅ．ｊｐ", "https://www.example.jp", ITEM_FINE },
        { ITEM_URL, "javascript:alert(1)", NULL, ITEM_NOT_URL },
        { ITEM_URL, "javascript://www.example.jp/%0aalert(1)", NULL, ITEM_NOT_URL },
        { ITEM_URL, "ftp://www.example.jp/", NULL, ITEM_NOT_URL },
        { ITEM_URL, "https://bank.example.jp@evil.example.com/", NULL, ITEM_NOT_URL },
        { ITEM_URL, "https://example", NULL, ITEM_NOT_URL },
        { ITEM_URL, "https://www.example.jp:0/", NULL, ITEM_NOT_URL },
        { ITEM_URL, "https://www.example.jp:65536/", NULL, ITEM_NOT_URL },
        { ITEM_URL, "https://www.example.jp/a b", NULL, ITEM_NOT_URL },
        { ITEM_URL, "https://www.example.jp/\"onclick=", NULL, ITEM_NOT_URL },
        { ITEM_URL, "https://", NULL, ITEM_NOT_URL },
        { ITEM_URL, "なし", NULL, ITEM_NOT_URL },
        { ITEM_DECIMAL, "12.50", "12.50", ITEM_FINE },
        { ITEM_DECIMAL, "12.5", "12.50", ITEM_FINE },
        { ITEM_DECIMAL, "12", "12.00", ITEM_FINE },
        { ITEM_DECIMAL, "12.", "12.00", ITEM_FINE },
        { ITEM_DECIMAL, ".5", "0.50", ITEM_FINE },
        { ITEM_DECIMAL, "-.5", "-0.50", ITEM_FINE },
        { ITEM_DECIMAL, "-0.00", "0.00", ITEM_FINE },
        { ITEM_DECIMAL, "▲１，２３．４", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DECIMAL, "△９９９．９９", "-999.99", ITEM_FINE },
        { ITEM_DECIMAL, "1,234.500", "1234.50", ITEM_FINE },
        { ITEM_DECIMAL, "12.345", NULL, ITEM_TOO_FINE },
        { ITEM_DECIMAL, "1000000.00", "1000000.00", ITEM_FINE },
        { ITEM_DECIMAL, "1000000.01", NULL, ITEM_TOO_LARGE },
        { ITEM_DECIMAL, "-1000.01", NULL, ITEM_TOO_SMALL },
        { ITEM_DECIMAL, "99999999999999999999.5", NULL, ITEM_TOO_LARGE },
        { ITEM_DECIMAL, "-99999999999999999999.5", NULL, ITEM_TOO_SMALL },
        { ITEM_DECIMAL, ".", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DECIMAL, "-", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DECIMAL, "-.", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DECIMAL, "1.2.3", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DECIMAL, "1.5円", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DECIMAL, "1e3", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DECIMAL, "NaN", NULL, ITEM_NOT_DECIMAL },
        { ITEM_DATETIME, "2026-11-22 14:05:09+09", "2026-11-22 14:05:09+09", ITEM_FINE },
        { ITEM_DATETIME, "2026-11-22 14:05:09", "2026-11-22 14:05:09+09", ITEM_FINE },
        { ITEM_DATETIME, "2026-11-22T14:05", "2026-11-22 14:05:00+09", ITEM_FINE },
        { ITEM_DATETIME, "2026-11-22T14:05:09+09:00", "2026-11-22 14:05:09+09", ITEM_FINE },
        { ITEM_DATETIME, "2026-11-22T05:05:09.999Z", "2026-11-22 14:05:09+09", ITEM_FINE },
        { ITEM_DATETIME, "2026-11-22T20:05:09-05:00", "2026-11-23 10:05:09+09", ITEM_FINE },
        { ITEM_DATETIME, "2026/1/5 9:05", "2026-01-05 09:05:00+09", ITEM_FINE },
        { ITEM_DATETIME, "２０２６／１／５　９：０５", "2026-01-05 09:05:00+09", ITEM_FINE },
        { ITEM_DATETIME, "令和8年11月22日 14時5分", "2026-11-22 14:05:00+09", ITEM_FINE },
        { ITEM_DATETIME, "2026年11月22日 午後2時5分9秒", "2026-11-22 14:05:09+09", ITEM_FINE },
        { ITEM_DATETIME, "2026/11/22 2:05 PM", "2026-11-22 14:05:00+09", ITEM_FINE },
        { ITEM_DATETIME, "2026/11/22 12:05 am", "2026-11-22 00:05:00+09", ITEM_FINE },
        { ITEM_DATETIME, "2026-11-22", "2026-11-22 00:00:00+09", ITEM_FINE },
        { ITEM_DATETIME, "2026-02-29 10:00", NULL, ITEM_NO_SUCH_DAY },
        { ITEM_DATETIME, "2026-11-22 24:00", NULL, ITEM_NOT_DATETIME },
        { ITEM_DATETIME, "2026-11-22 10:60", NULL, ITEM_NOT_DATETIME },
        { ITEM_DATETIME, "2026-11-22 10", NULL, ITEM_NOT_DATETIME },
        { ITEM_DATETIME, "2026-11-22 10:00 Tokyo", NULL, ITEM_NOT_DATETIME },
        { ITEM_DATETIME, "14:05", NULL, ITEM_NOT_DATETIME },
        { ITEM_DATETIME, "now", NULL, ITEM_NOT_DATETIME },
        { ITEM_DATETIME, "infinity", NULL, ITEM_NOT_DATETIME },
        { ITEM_TELEPHONE, "090-1234-5678", "090-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "09012345678", "090-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "９０１２３４５６７８", "090-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "０９０－１２３４－５６７８", "090-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "090ー1234ー5678", "090-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "+81 90-1234-5678", "090-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "+81(0)90-1234-5678", "090-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "+81-3-1234-5678", "03-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "(03)1234-5678", "03-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "0312345678", "03-1234-5678", ITEM_FINE },
        { ITEM_TELEPHONE, "045(012)3456", "045-012-3456", ITEM_FINE },
        { ITEM_TELEPHONE, "0450123456", "0450123456", ITEM_FINE },
        { ITEM_TELEPHONE, "0120-12-3456", "0120-123-456", ITEM_FINE },
        { ITEM_TELEPHONE, "+1 650 555 0100", "+1-650-555-0100", ITEM_FINE },
        { ITEM_TELEPHONE, "携帯なしtel", NULL, ITEM_NOT_TELEPHONE },
        { ITEM_TELEPHONE, "1234-5678", NULL, ITEM_NOT_TELEPHONE },
        { ITEM_TELEPHONE, "090-1234-567", NULL, ITEM_NOT_TELEPHONE },
        { ITEM_TELEPHONE, "000000000000000000000000000", NULL, ITEM_NOT_TELEPHONE },
        { ITEM_POSTAL_CODE, "100-0001", "100-0001", ITEM_FINE },
        { ITEM_POSTAL_CODE, "1000001", "100-0001", ITEM_FINE },
        { ITEM_POSTAL_CODE, "〒１００－０００１", "100-0001", ITEM_FINE },
        { ITEM_POSTAL_CODE, "12-34", NULL, ITEM_NOT_POSTAL_CODE },
        { ITEM_POSTAL_CODE, "1234-567", NULL, ITEM_NOT_POSTAL_CODE },
        { ITEM_INTEGER, "1200", "1200", ITEM_FINE },
        { ITEM_INTEGER, "007", "7", ITEM_FINE },
        { ITEM_INTEGER, "-0", "0", ITEM_FINE },
        { ITEM_INTEGER, "１，２００", "1200", ITEM_FINE },
        { ITEM_INTEGER, "1,200.00", "1200", ITEM_FINE },
        { ITEM_INTEGER, "▲300", "-300", ITEM_FINE },
        { ITEM_INTEGER, "－5", "-5", ITEM_FINE },
        { ITEM_INTEGER, "1,20", NULL, ITEM_NOT_INTEGER },
        { ITEM_INTEGER, "1,200円", NULL, ITEM_NOT_INTEGER },
        { ITEM_INTEGER, "1.5", NULL, ITEM_NOT_INTEGER },
        { ITEM_INTEGER, "-", NULL, ITEM_NOT_INTEGER },
        { ITEM_INTEGER, "1000001", NULL, ITEM_TOO_LARGE },
        { ITEM_INTEGER, "99999999999999999999999999", NULL, ITEM_TOO_LARGE },
        { ITEM_INTEGER, "-99999999999999999999999999", NULL, ITEM_TOO_SMALL },
        { ITEM_DATE, "1990-02-28", "1990-02-28", ITEM_FINE },
        { ITEM_DATE, "1990/2/3", "1990-02-03", ITEM_FINE },
        { ITEM_DATE, "1990.02.03", "1990-02-03", ITEM_FINE },
        { ITEM_DATE, "19900203", "1990-02-03", ITEM_FINE },
        { ITEM_DATE, "１９９０年２月３日", "1990-02-03", ITEM_FINE },
        { ITEM_DATE, "平成2年2月3日", "1990-02-03", ITEM_FINE },
        { ITEM_DATE, "令和元年5月1日", "2019-05-01", ITEM_FINE },
        { ITEM_DATE, "S63.1.7", "1988-01-07", ITEM_FINE },
        { ITEM_DATE, "2000-02-29 0:00:00", "2000-02-29", ITEM_FINE },
        { ITEM_DATE, "1900-02-29", NULL, ITEM_NO_SUCH_DAY },
        { ITEM_DATE, "1990-02-30", NULL, ITEM_NO_SUCH_DAY },
        { ITEM_DATE, "平成2年13月", NULL, ITEM_NOT_ERA_DAY },
        { ITEM_DATE, "昭和65年1月1日", NULL, ITEM_NOT_ERA_DAY },
        { ITEM_DATE, "Ｓ６５．１．１", NULL, ITEM_NOT_ERA_DAY },
        { ITEM_DATE, "令和6年5月1日", "2024-05-01", ITEM_FINE },
        { ITEM_DATE, "R6.5.1", "2024-05-01", ITEM_FINE },
        { ITEM_DATE, "昭64.1.7", "1989-01-07", ITEM_FINE },
        { ITEM_DATE, "90-02-03", NULL, ITEM_NOT_DATE },
        { ITEM_DATE, "2000-02-29 12:30", NULL, ITEM_NOT_DATE },
        { ITEM_DATE, "今日", NULL, ITEM_NOT_DATE },
        { ITEM_BOOLEAN, "はい", "t", ITEM_FINE },
        { ITEM_BOOLEAN, "TRUE", "t", ITEM_FINE },
        { ITEM_BOOLEAN, "０", "f", ITEM_FINE },
        { ITEM_BOOLEAN, "×", "f", ITEM_FINE },
        { ITEM_BOOLEAN, "maybe", NULL, ITEM_NOT_BOOLEAN },
        { ITEM_CHOICE, "女", "女", ITEM_FINE },
        { ITEM_CHOICE, "女性", "女", ITEM_FINE },
        { ITEM_CHOICE, "ｆ", "女", ITEM_FINE },
        { ITEM_CHOICE, "female", "女", ITEM_FINE },
        { ITEM_CHOICE, "ソノ他", "その他", ITEM_FINE },
        { ITEM_CHOICE, "猫", NULL, ITEM_NOT_CHOICE },
        { ITEM_CHOICES, "女", "{女}", ITEM_FINE },
        { ITEM_CHOICES, "その他; Ｆ；", "{女,その他}", ITEM_FINE },
        { ITEM_CHOICES, "female、男", "{女,男}", ITEM_FINE },
        { ITEM_CHOICES, "Male, F;女性\nfemale", "{女,男}", ITEM_FINE },
        { ITEM_CHOICES, "{男,女}", "{女,男}", ITEM_FINE },
        { ITEM_CHOICES, "{\"女\"}", "{女}", ITEM_FINE },
        { ITEM_CHOICES, "{女,男,その他}", NULL, ITEM_TOO_MANY },
        { ITEM_CHOICES, "{女,猫}", NULL, ITEM_NOT_CHOICES },
        { ITEM_CHOICES, "{女", NULL, ITEM_NOT_CHOICES },
        { ITEM_CHOICES, "{{女}}", NULL, ITEM_NOT_CHOICES },
        { ITEM_CHOICES, "女、猫", NULL, ITEM_NOT_CHOICES },
        { ITEM_CHOICES, ";；", NULL, ITEM_NOT_CHOICES },
        { ITEM_REFERENCE, "#12", "12", ITEM_FINE },
        { ITEM_REFERENCE, "hanako@example.jp", "hanako@example.jp", ITEM_FINE },
        { ITEM_REFERENCE, "-1", NULL, ITEM_NOT_REFERENCE },
};
/* clang-format on */

static void values_are_repaired_or_refused(void **state)
{
        struct arena *mem = arena_open(MB(4));

        for (size_t i = 0; i < COUNT(samples); i++) {
                const struct sample *s = &samples[i];
                struct item item = item_of(mem, s->type);
                str got = STR_NONE, again = STR_NONE;
                enum item_reason reason = item_read(mem, &item, str_of(s->raw), &got);

                if (reason != s->reason || !(s->stored ? str_is(got, s->stored) : str_absent(got)))
                        fail_msg("%s: %s \"%.*s\"", s->raw, item_reason_word(reason), STR_ARG(got));
                if (str_absent(got))
                        continue;
                assert_int_equal(item_read(mem, &item, got, &again), ITEM_FINE); /* the stored form stays as it is */
                assert_true(str_equal(got, again));
                assert_int_equal(item_read(mem, &item, item_write(mem, LANG_JA, &item, got), &again), ITEM_FINE);
                assert_true(str_equal(got, again));
                assert_int_equal(item_read(mem, &item, item_write(mem, LANG_EN, &item, got), &again), ITEM_FINE);
                assert_true(str_equal(got, again));
        }
        arena_close(mem);
}

static void stored_form_allocates_nothing(void **state)
{
        struct arena *mem = arena_open(MB(1));

        for (size_t i = 0; i < COUNT(samples); i++) {
                struct item item = item_of(mem, samples[i].type);
                str stored = str_of(samples[i].stored), got;
                struct arena_mark before = arena_mark(mem);

                if (samples[i].stored == NULL || samples[i].type == ITEM_BOOLEAN || str_is(stored, "0450123456") || str_starts(stored, S("0120")) ||
                    samples[i].stored[0] == '+' || (samples[i].type == ITEM_TELEPHONE && stored.n == 12) || stored.n > 25 ||
                    strchr(samples[i].stored, ' '))
                        continue;
                assert_int_equal(item_read(mem, &item, stored, &got), ITEM_FINE);
                if (arena_mark(mem).used != before.used)
                        fail_msg("%s", samples[i].stored);
        }
        arena_close(mem);
}

static void required_and_lengths_are_kept(void **state)
{
        struct arena *mem = arena_open(MB(1));
        struct item item = item_of(mem, ITEM_TEXT);
        str got;

        item.required = true;
        item.min = 2;
        item.max = 3;
        assert_int_equal(item_read(mem, &item, S(" 　"), &got), ITEM_MISSING);
        assert_int_equal(item_read(mem, &item, STR_NONE, &got), ITEM_MISSING);
        assert_int_equal(item_read(mem, &item, S("長"), &got), ITEM_SHORT);
        assert_int_equal(item_read(mem, &item, S("長長長"), &got), ITEM_FINE);
        assert_int_equal(item_read(mem, &item, S("長長長長"), &got), ITEM_LONG);
        item.lines = true;
        assert_int_equal(item_read(mem, &item, S("a\r\nb"), &got), ITEM_FINE);
        assert_true(str_is(got, "a\nb"));
        arena_close(mem);
}

static void values_are_shown_for_people(void **state)
{
        struct arena *mem = arena_open(MB(1));
        struct item date = item_of(mem, ITEM_DATE), number = item_of(mem, ITEM_INTEGER), choice = item_of(mem, ITEM_CHOICE);
        struct item decimal = item_of(mem, ITEM_DECIMAL), instant = item_of(mem, ITEM_DATETIME);

        assert_true(str_is(item_show(mem, LANG_JA, &date, S("1990-02-03")), "1990年2月3日"));
        assert_true(str_is(item_show(mem, LANG_EN, &date, S("1990-02-03")), "3 Feb 1990"));
        date.era = true;
        assert_true(str_is(item_show(mem, LANG_JA, &date, S("1990-02-03")), "1990年2月3日（平成2年）"));
        assert_true(str_is(item_show(mem, LANG_JA, &date, S("2019-04-30")), "2019年4月30日（平成31年）"));
        assert_true(str_is(item_show(mem, LANG_JA, &date, S("2019-05-01")), "2019年5月1日（令和元年）"));
        assert_true(str_is(item_show(mem, LANG_JA, &date, S("1912-07-30")), "1912年7月30日（大正元年）"));
        assert_true(str_is(item_show(mem, LANG_JA, &date, S("1868-02-03")), "1868年2月3日"));
        assert_true(str_is(item_show(mem, LANG_EN, &date, S("1990-02-03")), "3 Feb 1990"));
        assert_true(str_is(item_show(mem, LANG_JA, &number, S("-1234567")), "-1,234,567"));
        assert_true(str_is(item_show(mem, LANG_JA, &number, S("-123")), "-123"));
        assert_true(str_is(item_show(mem, LANG_JA, &decimal, S("-1234567.50")), "-1,234,567.50"));
        assert_true(str_is(item_show(mem, LANG_JA, &instant, S("2026-11-22 14:05:09+09")), "2026年11月22日(日) 14:05"));
        assert_true(str_is(item_write(mem, LANG_JA, &instant, S("2026-11-22 14:05:09+09")), "2026-11-22 14:05:09"));
        assert_true(str_equal(json_text(item_json(&instant, S("2026-11-22 14:05:09+09"))), S("2026-11-22T14:05:09+09:00")));
        assert_true(str_is(item_show(mem, LANG_EN, &choice, S("女")), "Female"));
        assert_true(str_is(item_show(mem, LANG_EN, &choice, S("昔の値")), "昔の値"));
        assert_true(str_is(item_show(mem, LANG_EN, &choice, STR_NONE), ""));
        arena_close(mem);
}

struct fit {
        unsigned characters;
        const char *raw;
        const char *stored; /* NULL: refused */
};

/* clang-format off */
static const struct fit fits[] = {
        { ITEM_CLASS_HALF_UPPER | ITEM_CLASS_HALF_DIGIT, "ＡＢ１2", "AB12" },
        { ITEM_CLASS_HALF_UPPER | ITEM_CLASS_HALF_DIGIT, "ab12", NULL }, /* case may mean something */
        { ITEM_CLASS_HALF_UPPER | ITEM_CLASS_HALF_DIGIT, "AB 12", NULL },
        { ITEM_CLASS_HALF_DIGIT | ITEM_CLASS_HALF_SYMBOL, "０３−１２３４ー５６７８", "03-1234-5678" },
        { ITEM_CLASS_HALF_DIGIT | ITEM_CLASS_HALF_SYMBOL, "（０３）　１２３４", "(03) 1234" },
        { ITEM_CLASS_HALF_DIGIT, "1-2", NULL },
        { ITEM_CLASS_FULL_WIDTH, "東京 1-2 ABC ｱ", "東京　１－２　ＡＢＣ　ア" },
        { ITEM_CLASS_FULL_WIDTH | ITEM_CLASS_HALF_DIGIT, "東京１丁目 A", "東京1丁目　Ａ" },
        { ITEM_CLASS_HIRAGANA, "さとうヴァーｻﾄｳ", "さとうゔぁーさとう" },
        { ITEM_CLASS_HIRAGANA, "佐藤", NULL },
        { ITEM_CLASS_KATAKANA, "さとう・ｼﾞｮｰｼﾞ", "サトウ・ジョージ" },
        { ITEM_CLASS_KATAKANA, "サトウ1", NULL },
        { ITEM_CLASS_KATAKANA | ITEM_CLASS_HIRAGANA, "さとうサトウ", "さとうサトウ" },
        { ITEM_CLASS_KANJI, "佐々木〆髙﨑𠮷", "佐々木〆髙﨑𠮷" },
        { ITEM_CLASS_KANJI, "葛\xf3\xa0\x84\x80城", "葛\xf3\xa0\x84\x80城" },
        { ITEM_CLASS_KANJI, "一ノ瀬", NULL },
        { ITEM_CLASS_KANJI | ITEM_CLASS_KATAKANA, "一の瀬", "一ノ瀬" },
        { ITEM_CLASS_KANJI | ITEM_CLASS_LENIENT, "一a１", "一a1" },
};
/* clang-format on */

static void characters_are_brought_into_the_classes_that_are_allowed(void **state)
{
        struct cx cx = { .mem = arena_open(MB(1)), .lang = LANG_JA };
        struct item item = item_of(cx.mem, ITEM_TEXT);
        str got, again;

        for (size_t i = 0; i < COUNT(fits); i++) {
                enum item_reason reason;

                item.characters = fits[i].characters;
                got = STR_NONE;
                reason = item_read(cx.mem, &item, str_of(fits[i].raw), &got);
                if (reason != (fits[i].stored ? ITEM_FINE : ITEM_NOT_CHARACTERS) || !(fits[i].stored ? str_is(got, fits[i].stored) : str_absent(got)))
                        fail_msg("%s: %s \"%.*s\"", fits[i].raw, item_reason_word(reason), STR_ARG(got));
                if (reason != ITEM_FINE)
                        continue;
                assert_int_equal(item_read(cx.mem, &item, got, &again), ITEM_FINE);
                assert_true(str_equal(got, again));
        }
        item.characters = ITEM_CLASS_HALF_UPPER | ITEM_CLASS_KANJI;
        cx.lang = LANG_EN;
        assert_int_equal(item_parse(&cx, &item, S("x"), &got), RC_INVALID);
        assert_true(str_is(cx.failure.problem[0].text, "may hold only these characters: half-width upper case, kanji"));
        assert_int_equal(item_class_find(S("kanji")), ITEM_CLASS_KANJI);
        assert_int_equal(item_class_find(S("greek")), 0);
        arena_close(cx.mem);
}

/* Words that PostgreSQL puts between quotes, and titles that hold what lists are parted by. */
static void several_choices_survive_both_ways(void **state)
{
        static struct choice list[] = {
                { .value = { "null", 4 }, .title = { WORD("なし"), WORD("None, really") } },
                { .value = { "a \"b\" \\c", 8 }, .title = { WORD("東京、大阪"), WORD("A|B") } },
                { .value = { "plain", 5 }, .title = { WORD("普通"), WORD("Plain") } },
        };
        struct arena *mem = arena_open(MB(4));
        struct item item = { .name = S("x"), .type = ITEM_CHOICES, .max = 3, .choices = list, .choice_count = COUNT(list) };
        str got, again, stored = S("{\"null\",\"a \\\"b\\\" \\\\c\",plain}");
        json_t *json;

        arena_current = mem;
        item_choice_prepare(mem, &item);
        assert_int_equal(item_read(mem, &item, S("普通;東京、大阪;None, really"), &got), ITEM_FINE);
        assert_true(str_equal(got, stored));
        for (int l = 0; l < LANG_END; l++) {
                assert_int_equal(item_read(mem, &item, item_write(mem, (enum lang)l, &item, got), &again), ITEM_FINE);
                assert_true(str_equal(again, stored));
        }
        assert_true(str_is(item_show(mem, LANG_EN, &item, stored), "None, really, A|B, Plain"));
        json = item_json(&item, stored);
        assert_int_equal(json_array_size(json), 3);
        assert_true(str_is(json_text(json_array_get(json, 1)), "a \"b\" \\c"));
        assert_true(str_equal(item_choices_of_json(mem, json), stored));
        assert_true(str_absent(item_choices_of_json(mem, json_array())));
        assert_true(item_choices_hold(stored, S("null")) && !item_choices_hold(stored, S("nul")));
        assert_true(item_choices_word(S("東京、大阪")) && !item_choices_word(S("a；b")) && !item_choices_word(S("{")));
        assert_true(item_sortable(&(struct item){ .type = ITEM_CHOICE }) && !item_sortable(&item));
        arena_current = NULL;
        arena_close(mem);
}

static void refusals_say_what_would_be_right(void **state)
{
        struct cx cx = { .mem = arena_open(MB(1)), .lang = LANG_EN };
        struct item choice = item_of(cx.mem, ITEM_CHOICE), number = item_of(cx.mem, ITEM_INTEGER);
        str got;

        assert_int_equal(item_parse(&cx, &choice, S("猫"), &got), RC_INVALID);
        assert_int_equal(item_parse(&cx, &number, S("1000001"), &got), RC_INVALID);
        assert_int_equal(cx.failure.count, 2);
        assert_true(str_is(cx.failure.problem[0].text, "must be one of: Female, Male, Other"));
        assert_true(str_is(cx.failure.problem[1].text, "must be at most 1000000"));
        assert_string_equal(cx.failure.problem[1].item, "x");
        arena_close(cx.mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_repaired_or_refused),
                cmocka_unit_test(stored_form_allocates_nothing),
                cmocka_unit_test(required_and_lengths_are_kept),
                cmocka_unit_test(values_are_shown_for_people),
                cmocka_unit_test(refusals_say_what_would_be_right),
                cmocka_unit_test(several_choices_survive_both_ways),
                cmocka_unit_test(characters_are_brought_into_the_classes_that_are_allowed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
