/* Tests of charset.c: against glibc's iconv, and what detection says about files as people have them. */
#include "base/house.h"

#include "base/charset.h"

#include "base/fail.h"
#include "base/utf8.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static struct cx cx;

static size_t by_iconv(const char *to, const char *from, const char *in, size_t n, char *out, size_t room)
{
        iconv_t cd = iconv_open(to, from);
        char *ip = (char *)(uintptr_t)in, *op = out;
        size_t left = room;

        assert_true(cd != (iconv_t)-1);
        if (iconv(cd, &ip, &n, &op, &left) == (size_t)-1)
                left = room;
        iconv_close(cd);
        return room - left;
}

/* The end-user area is a matter of taste in iconv; it is checked by its formula. */
static void every_pair_decodes_as_iconv_has_it(void **state)
{
        size_t good = 0;

        for (int lead = 0x81; lead <= 0xfc; lead++) {
                if (lead >= 0xa0 && lead < 0xe0)
                        continue;
                for (int trail = 0; trail <= 0xff; trail++) {
                        char in[2] = { (char)lead, (char)trail }, out[8], want[8];
                        size_t read, n = charset_decode(CHARSET_CP932, (str){ in, 2 }, out, &read);
                        size_t w = by_iconv("UTF-8", "CP932", in, 2, want, sizeof(want));

                        if (lead >= 0xf0 && lead <= 0xf9) {
                                size_t at = 0;
                                bool valid = trail >= 0x40 && trail <= 0xfc && trail != 0x7f;

                                assert_int_equal(read, valid ? 2 : 0);
                                if (valid)
                                        assert_int_equal(utf8_decode((str){ out, n }, &at),
                                                         0xe000 + (lead - 0xf0) * 188 + trail - (trail < 0x7f ? 0x40 : 0x41));
                                continue;
                        }
                        if (n != w || memcmp(out, want, n) != 0)
                                fail_msg("%02X%02X: %zu bytes, iconv %zu", lead, trail, n, w);
                        assert_int_equal(read, n > 0 ? 2 : 0);
                        good += n > 0;
                }
        }
        assert_int_equal(good, 6879 + 83 + 374 + 388); /* JIS X 0208, NEC row 13, NEC-selected IBM, IBM */
}

static void single_bytes_decode_as_whatwg_has_them(void **state)
{
        for (int c = 0; c <= 0xff; c++) {
                char in = (char)c, out[4];
                size_t at = 0, read, n = charset_decode(CHARSET_CP932, (str){ &in, 1 }, out, &read);
                bool kana = c >= 0xa1 && c <= 0xdf;

                assert_int_equal(read, c <= 0x80 || kana);
                if (read)
                        assert_int_equal(utf8_decode((str){ out, n }, &at), kana ? 0xff61 + c - 0xa1 : c);
        }
}

static void what_decodes_encodes_to_the_same_character(void **state)
{
        for (uint32_t c = 0x80; c <= 0xffff; c++) {
                char in[4], out[4], back[16];
                struct charset_loss loss = { 0 };
                size_t read, m, n = utf8_encode(c, in);

                if (n == 0)
                        continue;
                m = charset_encode(CHARSET_CP932, (str){ in, n }, out, &loss);
                assert_true(m >= 1 && m <= 2);
                if (loss.replaced > 0) {
                        assert_memory_equal(out, "\x81\xac", 2);
                        continue;
                }
                assert_int_equal(charset_decode(CHARSET_CP932, (str){ out, m }, back, &read) > 0, 1);
                assert_int_equal(read, m);
                if (loss.similar == 0)
                        assert_memory_equal(back, in, n);
        }
}

static void extensions_of_nec_and_ibm_take_the_codes_windows_writes(void **state)
{
        static const struct {
                str text;
                uint16_t code;
        } table[] = {
                { S("髙"), 0xfbfc }, { S("﨑"), 0xfab1 }, { S("①"), 0x8740 },  { S("㈱"), 0x878a }, { S("Ⅲ"), 0x8756 },
                { S("ⅲ"), 0xfa42 },  { S("∵"), 0x81e6 },  { S("～"), 0x8160 }, { S("－"), 0x817c }, { S("∥"), 0x8161 },
                { S("〜"), 0x8160 }, { S("−"), 0x817c },  { S("德"), 0xfaba }, { S("ｱ"), 0xb1 },    { S("№"), 0x8782 },
        };

        for (size_t i = 0; i < COUNT(table); i++) {
                struct charset_loss loss = { 0 };
                char out[4];
                size_t n = charset_encode(CHARSET_CP932, table[i].text, out, &loss);
                uint16_t code = (uint16_t)(n == 2 ? (uint8_t)out[0] << 8 | (uint8_t)out[1] : (uint8_t)out[0]);

                if (code != table[i].code)
                        fail_msg("%s: %04X, not %04X", table[i].text.p, code, table[i].code);
                assert_int_equal(loss.replaced, 0);
        }
}

static void what_cp932_lacks_becomes_geta_and_is_counted(void **state)
{
        struct charset_loss loss = { 0 };
        char out[64];
        str in = S("𠮷野家 한 a〜");
        size_t n = charset_encode(CHARSET_CP932, in, out, &loss);

        assert_int_equal(n, 13);
        assert_memory_equal(out, "\x81\xac\x96\xec\x89\xc6 \x81\xac a\x81\x60", 13);
        assert_int_equal(loss.replaced, 2);
        assert_int_equal(loss.similar, 1);
}

static void utf_8_is_written_as_it_is(void **state)
{
        struct charset_loss loss = { 0 };
        char out[8];

        assert_int_equal(charset_encode(CHARSET_UTF8, S("𠮷é"), out, &loss), 6);
        assert_memory_equal(out, "𠮷é", 6);
        assert_int_equal(charset_encode(CHARSET_UTF8, STR_NONE, out, &loss), 0);
        assert_int_equal(loss.replaced + loss.similar, 0);
}

static void names_people_use_are_found(void **state)
{
        enum charset set;

        assert_true(charset_find(S("Shift_JIS"), &set) && set == CHARSET_CP932);
        assert_true(charset_find(S("utf-8"), &set) && set == CHARSET_UTF8);
        assert_false(charset_find(S("latin1"), &set));
        assert_string_equal(charset_name(CHARSET_CP932), "CP932");
}

/* Fed in pieces of every size: the answer must not depend on where the pieces end. */
static rc guess(str file, size_t piece, enum charset *ret, str *ret_reason)
{
        struct charset_guess g;

        cx.failure = (struct failure){ 0 };
        charset_guess_start(&g);
        for (size_t at = 0; at < file.n; at += piece)
                if (!charset_guess_add(&g, file.p + at, piece < file.n - at ? piece : file.n - at))
                        break;
        return charset_guess_end(&cx, &g, ret, ret_reason);
}

static void utf_16_is_read_and_written_as_rfc_2781_has_it(void **state)
{
        /* U+12345 "=Ra" is the RFC's own example (5) */
        static const struct {
                enum charset set;
                str bytes;
                const char *text;
                size_t read;
        } table[] = {
                { CHARSET_UTF16BE, S("\xd8\x08\xdf\x45\x00\x3d\x00\x52\x00\x61"), "\xf0\x92\x8d\x85=Ra", 10 },
                { CHARSET_UTF16LE, S("\x08\xd8\x45\xdf\x3d\x00\x52\x00\x61\x00"), "\xf0\x92\x8d\x85=Ra", 10 },
                { CHARSET_UTF16LE, S("\xd9\x9a\xb7\x30\x00"), "髙シ", 4 },
                { CHARSET_UTF16BE, S("\x00\x61\xdc\x00\x00\x62"), "a", 2 }, /* a second half alone */
                { CHARSET_UTF16BE, S("\x00\x61\xd8\x00\x00\x62"), "a", 2 }, /* a first half alone */
                { CHARSET_UTF16LE, S("\x61\x00\x00\xd8"), "a", 2 },         /* cut */
        };

        for (size_t i = 0; i < COUNT(table); i++) {
                char out[64], back[64];
                size_t read, n = charset_decode(table[i].set, table[i].bytes, out, &read);
                struct charset_loss loss = { 0 };

                assert_int_equal(read, table[i].read);
                assert_int_equal(n, strlen(table[i].text));
                assert_memory_equal(out, table[i].text, n);
                assert_int_equal(charset_encode(table[i].set, (str){ out, n }, back, &loss), read);
                assert_memory_equal(back, table[i].bytes.p, read);
        }
}

static void files_are_recognised(void **state)
{
        static const struct {
                str file;
                rc code;
                enum charset set;
                const char *reason;
        } table[] = {
                { S(""), RC_OK, CHARSET_UTF8, "it holds ASCII characters only" },
                { S("a,b\r\n1,2\r\n"), RC_OK, CHARSET_UTF8, "it holds ASCII characters only" },
                { S("\xef\xbb\xbfname\n\xff\n"), RC_OK, CHARSET_UTF8, "it begins with the byte order mark of UTF-8" },
                { S("姓,名\n佐藤,美咲\n"), RC_OK, CHARSET_UTF8, "every character in it is valid UTF-8" },
                { S("a\r\nb\r\n\x8d\xb2\x93\xa1\r\n"), RC_OK, CHARSET_CP932, "byte 0x8D at line 3 is not UTF-8, and the file reads as Shift_JIS" },
                { S("a\rb\r\xbb\xc4\xb3\r"), RC_OK, CHARSET_CP932, "byte 0xBB at line 3 is not UTF-8, and the file reads as Shift_JIS" },
                { S("佐藤美咲佐藤美咲佐藤美咲佐藤美咲\n\xff\n"), RC_OK, CHARSET_UTF8, "it is UTF-8 with 1 damaged places, the first at line 2" },
                { S("佐藤美咲佐藤美咲佐藤美咲\xe3\x81"), RC_OK, CHARSET_UTF8, "it is UTF-8 with 1 damaged places, the first at line 1" },
                { S("\xff\xfe\x01\x30"), RC_OK, CHARSET_UTF16LE, "it begins with the byte order mark of UTF-16" },
                { S("\xfe\xff\x30\x01"), RC_OK, CHARSET_UTF16BE, "it begins with the byte order mark of UTF-16" },
                { S("a\0,\0\x01\x30\r\0\n\0"), RC_OK, CHARSET_UTF16LE, "every other byte of its ASCII characters is zero, as in UTF-16" },
                { S("\0a\0,\x30\x01\0\r\0\n"), RC_OK, CHARSET_UTF16BE, "every other byte of its ASCII characters is zero, as in UTF-16" },
                { S("a\0b\0\0c"), RC_INVALID, 0, NULL },
                { S("PK\x03\x04\0\0\0\0\0\0"), RC_INVALID, 0, NULL },
                { S("\x1b$B:4F#\x1b(B"), RC_INVALID, 0, NULL },
                { S("\xa5\xb5\xa5\xc8\xa5\xa6\xa4\xb5\xa4\xaf\xa4\xe9"), RC_INVALID, 0, NULL },
                { S("\xff\xff\xfe\xfd\xa0"), RC_INVALID, 0, NULL },
        };

        for (size_t i = 0; i < COUNT(table); i++) {
                for (size_t piece = 1; piece <= 9; piece++) {
                        enum charset set = CHARSETS;
                        str reason = STR_NONE;
                        rc code = guess(table[i].file, piece, &set, &reason);

                        if (code != table[i].code)
                                fail_msg("file %zu in pieces of %zu: %s", i, piece, rc_name(code));
                        if (code != RC_OK)
                                continue;
                        if (!str_is(reason, table[i].reason))
                                fail_msg("file %zu in pieces of %zu: %.*s", i, piece, STR_ARG(reason));
                        assert_int_equal(set, table[i].set);
                }
        }
}

static void a_large_file_in_cp932_is_known_before_its_end(void **state)
{
        struct charset_guess g;
        char text[8192];
        size_t i;

        for (i = 0; i + 4 <= sizeof(text); i += 4)
                memcpy(text + i, "\x8d\xb2\x93\xa1", 4);
        charset_guess_start(&g);
        assert_false(charset_guess_add(&g, text, i));
}

static int open_arena(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(4)), .lang = LANG_EN };
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
                cmocka_unit_test(every_pair_decodes_as_iconv_has_it),
                cmocka_unit_test(single_bytes_decode_as_whatwg_has_them),
                cmocka_unit_test(what_decodes_encodes_to_the_same_character),
                cmocka_unit_test(extensions_of_nec_and_ibm_take_the_codes_windows_writes),
                cmocka_unit_test(what_cp932_lacks_becomes_geta_and_is_counted),
                cmocka_unit_test(utf_8_is_written_as_it_is),
                cmocka_unit_test(names_people_use_are_found),
                cmocka_unit_test(utf_16_is_read_and_written_as_rfc_2781_has_it),
                cmocka_unit_test(files_are_recognised),
                cmocka_unit_test(a_large_file_in_cp932_is_known_before_its_end),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
