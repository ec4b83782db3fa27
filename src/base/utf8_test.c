/* Tests of utf8.c and text.c: RFC 3629 to the letter, and the one check at the door. */
#include "base/house.h"

#include "base/utf8.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;

/* What Unicode says is a character, encoded here in the plainest way. */
static size_t plain(uint32_t c, unsigned char out[4])
{
        if (c < 0x80) {
                out[0] = (unsigned char)c;
                return 1;
        }
        if (c < 0x800) {
                out[0] = (unsigned char)(0xc0 + c / 64);
                out[1] = (unsigned char)(0x80 + c % 64);
                return 2;
        }
        if (c < 0x10000) {
                out[0] = (unsigned char)(0xe0 + c / 4096);
                out[1] = (unsigned char)(0x80 + c / 64 % 64);
                out[2] = (unsigned char)(0x80 + c % 64);
                return 3;
        }
        out[0] = (unsigned char)(0xf0 + c / 262144);
        out[1] = (unsigned char)(0x80 + c / 4096 % 64);
        out[2] = (unsigned char)(0x80 + c / 64 % 64);
        out[3] = (unsigned char)(0x80 + c % 64);
        return 4;
}

static void every_code_point_goes_there_and_back(void **state)
{
        for (uint32_t c = 0; c <= 0x110000; c++) {
                unsigned char want[4];
                char out[UTF8_MAX], padded[16] = { 0 };
                size_t w = plain(c, want), n = utf8_encode(c, out), at = 0;
                bool exists = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

                assert_int_equal(n, exists ? w : 0);
                assert_int_equal(utf8_valid((str){ (char *)want, w }), exists);
                memcpy(padded + 3, want, w); /* where the fast paths look */
                assert_int_equal(utf8_span((str){ padded, sizeof(padded) }), exists ? sizeof(padded) : 3);
                if (!exists)
                        continue;
                assert_memory_equal(out, want, n);
                assert_int_equal(utf8_decode((str){ out, n }, &at), c);
                assert_int_equal(at, n);
                for (size_t cut = 1; cut < n; cut++) {
                        assert_false(utf8_valid((str){ out, cut }));
                        assert_true(utf8_cut((str){ out, cut }));
                }
                assert_false(utf8_cut((str){ out, n }));
        }
}

static void what_no_bytes_can_complete_is_not_cut(void **state)
{
        static const str table[] = { S(""),         S("\x80"),     S("\xc0"),     S("\xc1"),     S("\xf5"),         S("\xff"),
                                     S("\xe0\x80"), S("\xed\xa0"), S("\xf0\x80"), S("\xf4\x90"), S("\xe3\x81\xff"), S("\xf0\x90\x80\x80\x80"),
                                     S("a") };

        for (size_t i = 0; i < COUNT(table); i++)
                assert_false(utf8_cut(table[i]));
}

static void the_span_ends_where_the_damage_begins(void **state)
{
        static const struct {
                str text;
                size_t span;
        } table[] = {
                { S(""), 0 },
                { S("abcdefgh\xff"), 8 },
                { S("佐藤美咲\xe3\x81"), 12 },
                { S("佐\xe3\x81 藤"), 3 },
                { S("\xc2\xa9\xc2"), 2 },
                { S("\xc2\x20"), 0 },
                { S("\xe0\x9f\xbf"), 0 },
                { S("\xe1\x80\x20xxxxxx"), 0 },
                { S("\xef\xbf\xbf"), 3 },
                { S("\xf0\x8f\xbf\xbf"), 0 },
                { S("\xf0\x90\x80\x20"), 0 },
                { S("\xf1\x80\x20\x80"), 0 },
                { S("\xf4\x8f\xbf\xbf"), 4 },
        };

        for (size_t i = 0; i < COUNT(table); i++)
                assert_int_equal(utf8_span(table[i].text), table[i].span);
}

static void damaged_bytes_decode_as_one_replacement_each(void **state)
{
        str s = S("a\xff\xe3\x81z");
        uint32_t want[] = { 'a', UTF8_BAD, UTF8_BAD, UTF8_BAD, 'z' };
        size_t at = 0, i = 0;

        while (at < s.n)
                assert_int_equal(utf8_decode(s, &at), want[i++]);
        assert_int_equal(i, COUNT(want));
}

static void lengths_and_heads_count_characters(void **state)
{
        str s = S("a佐𠮷é");

        assert_int_equal(utf8_length(s), 4);
        assert_int_equal(utf8_length(S("")), 0);
        assert_int_equal(utf8_head(s, 0).n, 0);
        assert_int_equal(utf8_head(s, 2).n, 4);
        assert_int_equal(utf8_head(s, 3).n, 8);
        assert_int_equal(utf8_head(s, 9).n, s.n);
}

static void the_door_takes_text_and_refuses_the_rest_with_a_reason(void **state)
{
        static const struct {
                str text;
                size_t max;
                bool lines;
                const char *refusal; /* NULL: taken */
        } table[] = {
                { STR_NONE, 0, false, NULL },
                { S(""), 0, false, NULL },
                { S("佐藤"), 2, false, NULL },
                { S("佐藤"), 1, false, "must be at most 1 characters long" },
                { S("ab"), 1, false, "must be at most 1 characters long" },
                { S("a\xff"), 9, false, "must be valid UTF-8" },
                { S("a\0b"), 9, false, "must not hold the control character U+0000" },
                { S("a\nb"), 9, false, "must not hold the control character U+000A" },
                { S("a\tb"), 9, false, "must not hold the control character U+0009" },
                { S("a\r\n\tb"), 9, true, NULL },
                { S("a\x1b[2J"), 9, true, "must not hold the control character U+001B" },
                { S("\x7f"), 9, true, "must not hold the control character U+007F" },
                { S("\xc2\x85"), 9, true, "must not hold the control character U+0085" },
                { S("\xc2\xa0\xc3\xa9"), 9, true, NULL },
        };

        for (size_t i = 0; i < COUNT(table); i++) {
                rc code;

                fail_clear(&cx);
                code = text_check(&cx, table[i].text, "name", table[i].max, table[i].lines);
                assert_int_equal(code, table[i].refusal ? RC_INVALID : RC_OK);
                if (table[i].refusal == NULL)
                        continue;
                assert_true(str_is(cx.failure.problem[0].text, table[i].refusal));
                assert_string_equal(cx.failure.problem[0].item, "name");
        }
}

static int open_arena(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(1)), .lang = LANG_EN };
        return 0;
}

static int close_arena(void **state)
{
        arena_close(cx.mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_code_point_goes_there_and_back),  cmocka_unit_test(what_no_bytes_can_complete_is_not_cut),
                cmocka_unit_test(the_span_ends_where_the_damage_begins), cmocka_unit_test(damaged_bytes_decode_as_one_replacement_each),
                cmocka_unit_test(lengths_and_heads_count_characters),    cmocka_unit_test(the_door_takes_text_and_refuses_the_rest_with_a_reason),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
