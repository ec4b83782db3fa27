/* error_test.c - what PostgreSQL says, and what people are told. */
#include "base/house.h"

#include "db/error.h"

#include <setjmp.h>

#include <cmocka.h>

static void each_state_has_its_refusal(void **state)
{
        static const struct {
                struct error e;
                rc code;
                const char *item, *text;
                int64_t line;
        } table[] = {
                { { "23505", .table = "r_customers", .constraint = "r_customers_email_key", .message = "duplicate key … (a@b)" },
                  RC_CONFLICT,
                  "email",
                  "is already taken",
                  0 },
                { { "23505", .table = "account_group", .constraint = "account_group_tenant_name_key" }, RC_CONFLICT, "name", "is already taken", 0 },
                { { "23505", .table = "r_x", .constraint = "something" }, RC_CONFLICT, NULL, "is already taken", 0 },
                { { "23505", .table = "r_x", .constraint = "r_xy_z_key" }, RC_CONFLICT, NULL, "is already taken", 0 },
                { { "23000", .message = "somebody who may manage accounts must be left" },
                  RC_CONFLICT,
                  NULL,
                  "somebody who may manage accounts must be left",
                  0 },
                { { "23514", .table = "account", .constraint = "account_login_check" }, RC_INVALID, "login", "is not an allowed value", 0 },
                { { "23502", .table = "r_x", .column = "name" }, RC_INVALID, "name", "must not be empty", 0 },
                { { "23503", .table = "r_orders", .constraint = "r_orders_customer_fkey", .message = "insert or update on table" },
                  RC_INVALID,
                  "customer",
                  "refers to something that does not exist",
                  0 },
                { { "23503", .table = "r_orders", .constraint = "r_orders_customer_fkey", .message = "update or delete on table" },
                  RC_CONFLICT,
                  "customer",
                  "is still used elsewhere",
                  0 },
                { { "22P02", .context = "COPY r_x, line 12, column points: \"abc\"" }, RC_INVALID, "points", "is not a value of the right kind", 12 },
                { { "22P04", .context = "COPY r_x, line 9: \"abc\"" }, RC_MALFORMED, NULL, "has a row that cannot be read", 9 },
                { { "22003" }, RC_INVALID, NULL, "is too large or too small a number", 0 },
                { { "53100" }, RC_DISK_FULL, NULL, "there is no space left on the disk", 0 },
                { { "42501", .table = "x", .column = "secret" }, RC_FORBIDDEN, NULL, "the database does not allow this here", 0 },
                { { "40001" }, RC_BUSY, NULL, NULL, 0 },
                { { "40P01" }, RC_BUSY, NULL, NULL, 0 },
                { { "55P03" }, RC_BUSY, NULL, NULL, 0 },
                { { "57014", .message = "canceling statement due to user request" }, RC_CANCELLED, NULL, "this was cancelled", 0 },
                { { "57014", .message = "canceling statement due to statement timeout" }, RC_BUSY, NULL, "this took too long and was stopped", 0 },
                { { "57P01" }, RC_UNAVAILABLE, NULL, NULL, 0 },
                { { "08006" }, RC_UNAVAILABLE, NULL, NULL, 0 },
                { { NULL }, RC_UNAVAILABLE, NULL, NULL, 0 },
                { { "0A000", .message = "cached plan must not change result type" }, RC_BUSY, NULL, NULL, 0 },
                { { "0A000", .message = "other" }, RC_INTERNAL, NULL, NULL, 0 },
                { { "42P01" }, RC_INTERNAL, NULL, NULL, 0 },
                { { "XX000" }, RC_INTERNAL, NULL, NULL, 0 },
        };
        struct arena *mem = arena_open(MB(4));

        (void)state;
        for (size_t i = 0; i < COUNT(table); i++) {
                struct cx cx = { .mem = mem, .lang = LANG_EN };

                assert_int_equal(error_fail(&cx, &table[i].e), table[i].code);
                assert_int_equal(cx.failure.count, 1);
                assert_int_equal(cx.failure.problem[0].line, table[i].line);
                if (table[i].item == NULL)
                        assert_null(cx.failure.problem[0].item);
                else
                        assert_string_equal(cx.failure.problem[0].item, table[i].item);
                if (table[i].text != NULL)
                        assert_string_equal(cx.failure.problem[0].text.p, table[i].text);
        }
        arena_close(mem);
}

static void messages_with_values_are_not_written_down(void **state)
{
        (void)state;
        assert_true(error_message_harmless("42P01"));
        assert_false(error_message_harmless("23505"));
        assert_false(error_message_harmless("22P02"));
        assert_false(error_message_harmless("P0001"));
        assert_false(error_message_harmless(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_state_has_its_refusal),
                cmocka_unit_test(messages_with_values_are_not_written_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
