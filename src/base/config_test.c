/* config_test.c - daicho.conf: what is read, what is refused and where. */
#include "base/house.h"

#include "base/config.h"
#include "base/fail.h"

#include <setjmp.h>

#include <cmocka.h>

static struct cx cx;

static int open_unit(void **state)
{
        memset(&cx, 0, sizeof(cx));
        cx.mem = arena_open(MB(4));
        cx.lang = LANG_EN;
        return 0;
}

static int close_unit(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static void an_empty_file_gives_the_defaults(void **state)
{
        struct config config;

        assert_int_equal(config_read(&cx, S(""), &config), RC_OK);
        assert_int_equal(config.port, 8443);
        assert_true(str_is(config.address, "127.0.0.1"));
}

static void values_comments_and_blanks_are_read(void **state)
{
        struct config config;

        assert_int_equal(config_read(&cx, S("# mine\r\n\n  port=9000 \r\nhost = 顧客.example\nweb_workers = 3"), &config), RC_OK);
        assert_int_equal(config.port, 9000);
        assert_int_equal(config.web_workers, 3);
        assert_true(str_is(config.host, "顧客.example"));
}

static void a_wrong_line_is_named_with_its_key_and_nothing_is_taken(void **state)
{
        static const struct {
                str text;
                int64_t line;
                const char *item;
        } row[] = {
                { S("port = 1\nprot = 2\n"), 2, "prot" },
                { S("\n\nport = 70000\n"), 3, "port" },
                { S("port = 12x\n"), 1, "port" },
                { S("port =\n"), 1, "port" },
                { S("port\n"), 1, "port" },
                { S("port = 1\nhost = a\nport = 2\n"), 3, "port" },
                { S("host = a\x01z\n"), 1, "host" },
                { S(" = 3\n"), 1, "" },
                { S("port = 99999999999999999999\n"), 1, "port" },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct config config = { .port = 77 };

                fail_clear(&cx);
                assert_int_equal(config_read(&cx, row[i].text, &config), RC_INVALID);
                assert_int_equal(cx.failure.problem[0].line, row[i].line);
                assert_string_equal(cx.failure.problem[0].item, row[i].item);
                assert_int_equal(config.port, 77);
        }
}

static void all_wrong_lines_are_told_at_once(void **state)
{
        struct config config;

        assert_int_equal(config_read(&cx, S("a = 1\nport = x\nb = 2\n"), &config), RC_INVALID);
        assert_int_equal(cx.failure.count, 3);
        assert_int_equal(cx.failure.problem[2].line, 3);
}

static void what_is_written_reads_back_the_same(void **state)
{
        struct config config = config_default(), again;
        struct buf out = buf_open(cx.mem, KB(64));

        config.port = 19200;
        config.host = S("crm.example");
        config_write(&config, &out);
        assert_false(buf_full(&out));
        assert_int_equal(config_read(&cx, buf_str(&out), &again), RC_OK);
        assert_int_equal(again.port, 19200);
        assert_true(str_is(again.host, "crm.example"));
        assert_int_equal(again.web_workers, config.web_workers);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(an_empty_file_gives_the_defaults, open_unit, close_unit),
                cmocka_unit_test_setup_teardown(values_comments_and_blanks_are_read, open_unit, close_unit),
                cmocka_unit_test_setup_teardown(a_wrong_line_is_named_with_its_key_and_nothing_is_taken, open_unit, close_unit),
                cmocka_unit_test_setup_teardown(all_wrong_lines_are_told_at_once, open_unit, close_unit),
                cmocka_unit_test_setup_teardown(what_is_written_reads_back_the_same, open_unit, close_unit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
