/* Promises of leaf.h: the bytes of an entry, and that nothing else is read as one. */
#include "base/house.h"

#include "log/leaf.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;

#define COMMIT "0123456789abcdef0123456789abcdef"
#define HASH   "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define WHOLE                                                                                                                                         \
        "daicho-entry/v1\nnumber 4711\ntime 2026-11-22T05:05:09.123456Z\nactor account 12\nname hanako\ngroups 営業, 管理者\nsource 192.0.2.7\n" \
        "verb update\nkind customers\nsubject 77\nresult OK\ncommit MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"

static struct leaf whole(void)
{
        return (struct leaf){ .number = 4711,
                              .time_us = 1795323909123456,
                              .actor_kind = S("account"),
                              .actor_id = 12,
                              .actor = S("hanako"),
                              .groups = S("営業, 管理者"),
                              .source = S("192.0.2.7"),
                              .verb = S("update"),
                              .kind = S("customers"),
                              .has_subject = true,
                              .subject = 77,
                              .result = S("OK"),
                              .commitment = S(COMMIT) };
}

static void an_entry_is_these_bytes(void **state)
{
        struct leaf l = whole(), none = { .number = 1, .time_us = 0, .actor_kind = S("nobody"), .source = S("-"), .result = S("UNKNOWN") };

        assert_string_equal(str_z(cx.mem, leaf_write(cx.mem, &l)), WHOLE);
        assert_string_equal(str_z(cx.mem, leaf_write(cx.mem, &none)),
                            "daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nsource -\nresult UNKNOWN\n");
}

static void times_are_utc_to_the_microsecond(void **state)
{
        static const struct {
                int64_t us;
                const char *text;
        } row[] = {
                { 0, "1970-01-01T00:00:00.000000Z" },
                { 86399999999, "1970-01-01T23:59:59.999999Z" },
                { 86400000000, "1970-01-02T00:00:00.000000Z" },
                { 1709164800000001, "2024-02-29T00:00:00.000001Z" },
                { 1735657199999999, "2024-12-31T14:59:59.999999Z" },
                { 1735657200000000, "2024-12-31T15:00:00.000000Z" }, /* the new year in Tokyo */
                { 253402300799999999, "9999-12-31T23:59:59.999999Z" },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct leaf l = whole(), back;
                str text;

                l.time_us = row[i].us;
                text = leaf_write(cx.mem, &l);
                assert_memory_equal(text.p + sizeof("daicho-entry/v1\nnumber 4711\ntime ") - 1, row[i].text, 27);
                assert_int_equal(leaf_read(&cx, text, &back), RC_OK);
                assert_true(back.time_us == row[i].us);
        }
}

static void an_entry_reads_back(void **state)
{
        struct leaf l = { .number = 0 }, strange = whole();

        assert_int_equal(leaf_read(&cx, S(WHOLE), &l), RC_OK);
        assert_true(l.number == 4711 && l.time_us == 1795323909123456 && str_is(l.actor_kind, "account") && l.actor_id == 12);
        assert_true(str_is(l.actor, "hanako") && str_is(l.groups, "営業, 管理者") && str_is(l.source, "192.0.2.7") && str_is(l.verb, "update"));
        assert_true(str_is(l.kind, "customers") && l.has_subject && l.subject == 77 && str_is(l.result, "OK") && str_is(l.commitment, COMMIT));
        /* a name cannot make lines of its own */
        strange.actor = S("x\nverb delete\\\x7f\t");
        strange.groups = STR_NONE;
        strange.has_subject = false;
        assert_int_equal(leaf_read(&cx, leaf_write(cx.mem, &strange), &l), RC_OK);
        assert_true(str_equal(l.actor, strange.actor) && str_absent(l.groups) && !l.has_subject && str_is(l.verb, "update"));
}

static void no_entry_is_too_long(void **state)
{
        struct leaf l = whole(), back = { .number = 0 };
        char *big = arena_alloc(cx.mem, 100000);
        str text;

        memset(big, '\n', 100000);
        l.actor = l.groups = l.source = l.verb = l.kind = l.result = (str){ big, LEAF_VALUE_MAX / 4 };
        text = leaf_write(cx.mem, &l);
        assert_true(text.n < LEAF_MAX);
        assert_int_equal(leaf_read(&cx, text, &back), RC_OK);
        assert_true(str_equal(back.kind, l.kind));
        l.groups.n = 100000;
        text = leaf_write(cx.mem, &l);
        assert_int_equal(leaf_read(&cx, text, &back), RC_OK);
        assert_true(str_starts(back.groups, S("sha256:")) && back.groups.n == 7 + 44);
}

static void nothing_else_is_an_entry(void **state)
{
        str good = S(WHOLE);
        struct leaf l;

        for (size_t cut = 0; cut < good.n; cut++) {
                fail_clear(&cx);
                if (leaf_read(&cx, (str){ good.p, cut }, &l) == RC_OK)
                        assert_true(good.p[cut - 1] == '\n' && cut > sizeof("daicho-entry/v1\nnumber 4711\ntime 2026-11-22T05:05:09.123456Z\n"));
        }
        static const str bad[] = {
                S("daicho-entry/v2\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nresult OK\n"),
                S("daicho-entry/v1\nnumber 01\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000Z\nactor nobody 0\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T09:00:00.000000+09:00\nactor nobody 0\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nresult OK\nverb view\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nverb \nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname \\q\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname \\x41\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname \\x00\nresult OK\n"),
                /* with a value that stands there as its hash, the entry cannot be compared with what would be written */
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname \\xff\ngroups.sha256 " HASH "\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname \\x00\ngroups.sha256 " HASH "\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname \\x5c\ngroups.sha256 " HASH "\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname a\tb\ngroups.sha256 " HASH "\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor no\x7f 0\nname a\ngroups.sha256 " HASH "\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor \\xc3 0\ngroups.sha256 " HASH "\nresult OK\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nresult OK\ncommit AAAA\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nresult OK\nmore\n"),
                S("daicho-entry/v1\nnumber 1\ntime 1970-01-01T00:00:00.000000Z\nactor nobody 0\nname \xff\nresult OK\n"),
        };
        for (size_t i = 0; i < COUNT(bad); i++) {
                fail_clear(&cx);
                assert_int_equal(leaf_read(&cx, bad[i], &l), RC_MALFORMED);
        }
}

static int start(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        return 0;
}

static int stop(void **state)
{
        arena_close(cx.mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_entry_is_these_bytes), cmocka_unit_test(times_are_utc_to_the_microsecond), cmocka_unit_test(an_entry_reads_back),
                cmocka_unit_test(no_entry_is_too_long),    cmocka_unit_test(nothing_else_is_an_entry),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
