/* Tests of clock.c: against the C library's calendar, which the house itself does not use, and against what people write. */
#include "base/house.h"

#include "base/clock.h"

#include <setjmp.h>
#include <time.h>
#include <cmocka.h>

static struct arena *mem;

static void every_day_of_ten_thousand_years_is_the_calendar_of_the_c_library(void **state)
{
        int64_t first = -719162, last = 2932896; /* 0001-01-01, 9999-12-31 */

        for (int64_t day = first - 400; day <= last; day++) {
                struct civil c = clock_tokyo(day * CLOCK_DAY - 9 * CLOCK_HOUR);
                time_t at = (time_t)day * 86400;
                struct tm tm;

                assert_non_null(gmtime_r(&at, &tm));
                if (c.date.year != tm.tm_year + 1900 || c.date.month != tm.tm_mon + 1 || c.date.day != tm.tm_mday || c.weekday != tm.tm_wday)
                        fail_msg("day %ld", (long)day);
                assert_int_equal(clock_from_tokyo(c), day * CLOCK_DAY - 9 * CLOCK_HOUR);
        }
}

static void only_days_that_exist_are_read(void **state)
{
        static const str bad[] = { S("2026-02-29"), S("1900-02-29"), S("2026-00-01"),  S("2026-13-01"), S("2026-01-00"),
                                   S("2026-01-32"), S("2026-04-31"), S("10000-01-01"), S("0000-01-01") };
        struct date d;

        for (size_t i = 0; i < COUNT(bad); i++)
                assert_false(clock_read_date(bad[i], &d));
        assert_true(clock_read_date(S("2000-02-29"), &d) && d.day == 29);
}

static void points_in_time_become_wall_clocks_and_back(void **state)
{
        static const msec table[] = { 0, 1, -1, 1795323909123, -62135596800000, 253402268399999, 86399999, 86400000, -86400000 };

        for (size_t i = 0; i < COUNT(table); i++) {
                struct civil c = clock_tokyo(table[i]);

                assert_int_equal(clock_from_tokyo(c), table[i]);
                assert_in_range(c.hour, 0, 23);
                assert_in_range(c.msec, 0, 999);
        }
}

static void people_and_protocols_read_their_form(void **state)
{
        msec at = 1795323909123; /* 2026-11-22T05:05:09.123Z */

        assert_true(str_is(clock_rfc3339(mem, at), "2026-11-22T14:05:09.123+09:00"));
        assert_true(str_is(clock_rfc3339(mem, at - 123), "2026-11-22T14:05:09+09:00"));
        assert_true(str_is(clock_text(mem, LANG_JA, at), "2026年11月22日(日) 14:05"));
        assert_true(str_is(clock_text(mem, LANG_EN, at), "Sun 22 Nov 2026, 14:05"));
        assert_true(str_is(clock_short(mem, at), "2026/11/22 14:05"));
        assert_true(str_is(clock_date_text(mem, LANG_JA, (struct date){ 2026, 1, 5 }), "2026年1月5日(月)"));
        assert_true(str_is(clock_iso_date(mem, (struct date){ 26, 1, 5 }), "0026-01-05"));
}

static void times_are_read_as_rfc_3339_and_postgresql_write_them(void **state)
{
        static const struct {
                str text;
                msec at; /* -1: not a time */
        } table[] = {
                { S("2026-11-22T05:05:09.123Z"), 1795323909123 },
                { S("2026-11-22t05:05:09.123z"), 1795323909123 },
                { S("2026-11-22T14:05:09.123456+09:00"), 1795323909123 },
                { S("2026-11-22 14:05:09.1+09"), 1795323909100 },
                { S("2026-11-21 19:35:09.12-0930"), -1 },
                { S("2026-11-21 19:35:09.12-09:30"), 1795323909120 },
                { S("2026-11-22T05:05:09"), -1 },
                { S("2026-11-22"), -1 },
                { S("2026-02-30T05:05:09Z"), -1 },
                { S("2026-11-22T24:00:00Z"), -1 },
                { S("2026-11-22T05:60:00Z"), -1 },
                { S("2026-11-22T05:05:60Z"), -1 },
                { S("2026-11-22T05:05:09.Z"), -1 },
                { S("2026-11-22T05:05:09Z "), -1 },
                { S("2026-11-22T05:05:09+24:00"), -1 },
                { S("2026-11-22T05:05:09+09:60"), -1 },
                { S("2026-11-22T05:05:09+9"), -1 },
                { S("2026-11-22T05:05:09+09:0"), -1 },
                { S("2026-11-22T05:05:9Z"), -1 },
                { S("2026-11-22_05:05:09Z"), -1 },
                { S("26-11-22T05:05:09Z"), -1 },
                { S(""), -1 },
        };

        for (size_t i = 0; i < COUNT(table); i++) {
                msec at = -1;

                if (clock_read(table[i].text, &at) != (table[i].at != -1) || at != table[i].at)
                        fail_msg("%s", table[i].text.p);
        }
}

static void dates_are_read_as_people_write_them(void **state)
{
        static const struct {
                str text;
                const char *date; /* NULL: none */
        } table[] = {
                { S("2026-11-22"), "2026-11-22" },
                { S(" 2026/1/5 "), "2026-01-05" },
                { S("2026.1.5"), "2026-01-05" },
                { S("20260105"), "2026-01-05" },
                { S("2026年1月5日"), "2026-01-05" },
                { S("２０２６／１／５"), "2026-01-05" },
                { S("２０２６－１－５"), "2026-01-05" },
                { S("令和8年11月22日"), "2026-11-22" },
                { S("令和元年5月1日"), "2019-05-01" },
                { S("平成31年4月30日"), "2019-04-30" },
                { S("平成31年5月1日"), NULL },
                { S("昭和64年1月7日"), "1989-01-07" },
                { S("昭和64年1月8日"), NULL },
                { S("平成元年1月7日"), NULL },
                { S("大正15年12月25日"), "1926-12-25" },
                { S("昭和元年12月25日"), "1926-12-25" },
                { S("明治45年7月30日"), "1912-07-30" },
                { S("明治5年1月1日"), NULL },
                { S("R8.11.22"), "2026-11-22" },
                { S("昭64.1.7"), "1989-01-07" },
                { S("令６年５月１日"), "2024-05-01" },
                { S("昭65.1.7"), NULL },
                { S("s63/1/7"), "1988-01-07" },
                { S("Ｈ２-2-3"), "1990-02-03" },
                { S("H020203"), NULL },
                { S("平成2年13月"), NULL },
                { S("1990-02-30"), NULL },
                { S("1990-02/03"), NULL },
                { S("1990-02"), NULL },
                { S("90-02-03"), NULL },
                { S("1990年2月3"), NULL },
                { S("1990-02-03x"), NULL },
                { S("199002030"), NULL },
                { S("元年1月1日"), NULL },
                { S("0000-01-01"), NULL },
                { S(""), NULL },
                { S("2026-11-22                                                                  "), NULL },
        };

        for (size_t i = 0; i < COUNT(table); i++) {
                struct date d = { 0 };
                bool read = clock_read_date(table[i].text, &d);

                if (read != (table[i].date != NULL) || (read && !str_is(clock_iso_date(mem, d), table[i].date)))
                        fail_msg("%s", table[i].text.p);
        }
}

static void the_tick_goes_forward(void **state)
{
        msec a = clock_tick(), b = clock_tick();

        assert_true(a > 0 && b >= a && b - a < 10000);
}

static int open_arena(void **state)
{
        mem = arena_open(MB(1));
        return 0;
}

static int close_arena(void **state)
{
        arena_close(mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_day_of_ten_thousand_years_is_the_calendar_of_the_c_library),
                cmocka_unit_test(only_days_that_exist_are_read),
                cmocka_unit_test(points_in_time_become_wall_clocks_and_back),
                cmocka_unit_test(people_and_protocols_read_their_form),
                cmocka_unit_test(times_are_read_as_rfc_3339_and_postgresql_write_them),
                cmocka_unit_test(dates_are_read_as_people_write_them),
                cmocka_unit_test(the_tick_goes_forward),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
