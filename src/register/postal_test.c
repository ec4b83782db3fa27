/* Both shapes of Japan Post's file, and what it remarks about towns. */
#include "base/house.h"

#include "register/postal_file.h"

#include "base/charset.h"
#include "base/fail.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static void towns_lose_what_the_file_remarks(void **state)
{
        static const struct {
                const char *town, *kana, *then, *then_kana;
        } cases[] = {
                { "以下に掲載がない場合", "イカニケイサイガナイバアイ", "", "" },
                { "大通西（１～１９丁目）", "ｵｵﾄﾞｵﾘﾆｼ(1-19ﾁｮｳﾒ)", "大通西", "オオドオリニシ" },
                { "梅田（次のビルを除く）", "ウメダ（ツギノビルヲノゾク）", "梅田", "ウメダ" },
                { "西新宿新宿アイランドタワー（１階）", "ﾆｼｼﾝｼﾞｭｸｼﾝｼﾞｭｸｱｲﾗﾝﾄﾞﾀﾜｰ(1ｶｲ)", "西新宿新宿アイランドタワー1階",
                  "ニシシンジュクシンジュクアイランドタワー1カイ" },
                { "西新宿新宿アイランドタワー（地階・階層不明）", "ﾆｼｼﾝｼﾞｭｸ(ﾁｶｲ･ｶｲｿｳﾌﾒｲ)", "西新宿新宿アイランドタワー", "ニシシンジュク" },
                { "青ヶ島村一円", "アオガシマムライチエン", "", "" },
                { "一円", "イチエン", "一円", "イチエン" },
                { "渋谷の次に番地がくる場合", "シブヤノツギニバンチガクルバアイ", "", "" },
                { "種市第１５地割～第２１地割（鹿糠、小路合）", "ﾀﾈｲﾁﾀﾞｲ15ﾁﾜﾘ-ﾀﾞｲ21ﾁﾜﾘ(ｶﾇｶ､ｺｼﾞｱｲ)", "種市", "タネイチ" },
                { "湯本２９地割", "ﾕﾓﾄ29ﾁﾜﾘ", "湯本29地割", "ユモト29チワリ" },
                { "北一条西", "キタ１ジョウニシ", "北一条西", "キタ1ジョウニシ" },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                struct arena *mem = arena_open(MB(1));
                str town = str_of(cases[i].town), kana = str_of(cases[i].kana);

                postal_file_town(mem, &town, &kana);
                assert_string_equal(str_z(mem, town), cases[i].then);
                assert_string_equal(str_z(mem, kana), cases[i].then_kana);
                arena_close(mem);
        }
}

/* The file in memory, and its rows. */
static size_t rows_of(struct cx *cx, str bytes, struct postal_row *rows, size_t max)
{
        int fd = memfd_create("postal", MFD_CLOEXEC);
        struct postal_file *file;
        size_t count = 0;
        bool end = false;

        must(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
        if (postal_file_open(cx, fd, &file) == RC_OK)
                while (count < max && postal_file_next(cx, file, cx->mem, &rows[count], &end) == RC_OK && !end)
                        count++;
        (void)close(fd);
        return count;
}

static struct cx cx_open(void)
{
        struct cx cx = { .mem = arena_open(MB(16)), .lang = LANG_EN };

        arena_current = cx.mem;
        return cx;
}

#define ROW(code, kana, town)                                                                                                                        \
        "01101,\"060  \",\"" code "\",\"ﾎｯｶｲﾄﾞｳ\",\"ｻｯﾎﾟﾛｼﾁｭｳｵｳｸ\",\"" kana "\",\"北海道\",\"札幌市中央区\",\"" town "\",1,0,1,0,0,0\r\n"

static void rows_split_by_a_long_remark_are_one_again(void **state)
{
        struct cx cx = cx_open();
        struct postal_row rows[4];
        str utf8 = S(ROW("0600000", "ｲｶﾆｹｲｻｲｶﾞﾅｲﾊﾞｱｲ", "以下に掲載がない場合") ROW("0660005", "ｷｮｳﾜ(88-2､", "協和（８８－２、２７１－１０、") ROW(
            "0660005", "343-2)", "３４３－２）") ROW("0600042", "ｵｵﾄﾞｵﾘﾆｼ", "大通西（１～") ROW("0600042", "ｵｵﾄﾞｵﾘﾆｼ", "１９丁目）"));
        char *cp932 = arena_alloc(cx.mem, utf8.n);
        struct charset_loss loss = { 0 };
        size_t n = charset_encode(CHARSET_CP932, utf8, cp932, &loss);

        for (int shape = 0; shape < 2; shape++) {
                assert_int_equal(rows_of(&cx, shape == 0 ? (str){ cp932, n } : utf8, rows, 4), 3);
                assert_int_equal(cx.failure.code, RC_OK);
                assert_string_equal(str_z(cx.mem, rows[0].town), "");
                assert_string_equal(str_z(cx.mem, rows[0].prefecture_kana), "ホッカイドウ");
                assert_string_equal(str_z(cx.mem, rows[0].city_kana), "サッポロシチュウオウク");
                assert_string_equal(str_z(cx.mem, rows[1].town), "協和");
                assert_string_equal(str_z(cx.mem, rows[1].town_kana), "キョウワ");
                assert_int_equal(rows[2].line, 4);
                assert_string_equal(str_z(cx.mem, rows[2].town), "大通西");
                assert_string_equal(str_z(cx.mem, rows[2].town_kana), "オオドオリニシ"); /* short readings are repeated, not split */
        }
        arena_close(cx.mem);
}

static void what_is_no_such_file_is_refused_with_its_line(void **state)
{
        static const struct {
                const char *text;
                int line;
                const char *why;
        } cases[] = {
                { ROW("0600000", "ｱ", "あ") "1,2,3\r\n", 2, "a row of Japan Post's file has 15 columns, this one has 3" },
                { ROW("060-0000", "ｱ", "あ"), 1, "column 3 must be a postal code of seven digits" },
                { ROW("0600000", "ｱ", "あ（い"), 1, "the remark in （ that begins here is never closed; is the file whole?" },
                { ROW("0600000", "ｱ", "あ（い") ROW("0600001", "ｱ", "う）"), 2, "the remark in （ of line 1 is not closed before this row" },
                { "1101,060,0600000,a,b,c,北海道,札幌市,d,0,0,0,0,0,0\r\n", 1, "column 1 must be the code of a municipality, five digits" },
                { "01101,060,0600000,a,b,c,,札幌市,d,0,0,0,0,0,0\r\n", 1, "columns 7 and 8 must be a prefecture and a municipality" },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                struct cx cx = cx_open();
                struct postal_row rows[4];

                (void)rows_of(&cx, str_of(cases[i].text), rows, 4);
                assert_int_equal(cx.failure.code, RC_INVALID);
                assert_int_equal(cx.failure.problem[0].line, cases[i].line);
                assert_string_equal(cx.failure.problem[0].text.p, cases[i].why);
                arena_close(cx.mem);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(towns_lose_what_the_file_remarks),
                cmocka_unit_test(rows_split_by_a_long_remark_are_one_again),
                cmocka_unit_test(what_is_no_such_file_is_refused_with_its_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
