/* statement_test.c - the word `tenant.`, and which statements the cache keeps. */
#include "base/house.h"

#include "db/statement.h"

#include <setjmp.h>

#include <cmocka.h>

static void the_schema_stands_only_where_the_word_stands(void **state)
{
        static const struct {
                const char *sql, *expected;
                enum statement_kind kind;
        } table[] = {
                { "select * from tenant.log", "select * from \"t_acme\".log", STATEMENT_ONE },
                { "tenant.log,tenant.\"a b\"(tenant._x)", "\"t_acme\".log,\"t_acme\".\"a b\"(\"t_acme\"._x)", STATEMENT_ONE },
                { "daicho.tenant.name", "daicho.tenant.name", STATEMENT_ONE },
                { "x.tenant = tenant and subtenant.x = tenant_.y and tenants.z", "x.tenant = tenant and subtenant.x = tenant_.y and tenants.z",
                  STATEMENT_ONE },
                { "'tenant.a' \"tenant.a\" 'it''s tenant.a'", "'tenant.a' \"tenant.a\" 'it''s tenant.a'", STATEMENT_ONE },
                { "E'\\'tenant.a' tenant.b", "E'\\'tenant.a' \"t_acme\".b", STATEMENT_ONE },
                { "'\\' || tenant.f('", "'\\' || \"t_acme\".f('", STATEMENT_ONE },
                { "$$tenant.a$$ $x$ $$ tenant.a $x$ tenant.b", "$$tenant.a$$ $x$ $$ tenant.a $x$ \"t_acme\".b", STATEMENT_ONE },
                { "$1tenant.a $1 tenant.a", "$1tenant.a $1 \"t_acme\".a", STATEMENT_ONE },
                { "-- tenant.a\ntenant.b -- tenant.c", "-- tenant.a\n\"t_acme\".b -- tenant.c", STATEMENT_ONE },
                { "/* tenant.a /* */ tenant.b */ tenant.c", "/* tenant.a /* */ tenant.b */ \"t_acme\".c", STATEMENT_ONE },
                { "tenant.", "tenant.", STATEMENT_ONE },
                { "tenant.1 tenant. x", "tenant.1 tenant. x", STATEMENT_ONE },
                { "台帳tenant.a", "台帳tenant.a", STATEMENT_ONE },
                { "'open tenant.a", "'open tenant.a", STATEMENT_ONE },
                { "/* open tenant.a", "/* open tenant.a", STATEMENT_ONE },
                { "$q$ open tenant.a", "$q$ open tenant.a", STATEMENT_ONE },
                { "as $$ select 'tenant.a' from tenant.b $$", "as $$ select 'tenant.a' from \"t_acme\".b $$", STATEMENT_SCRIPT },
                { "grant t_all to t_masked", "grant t_all to t_masked", STATEMENT_SCRIPT },
                { "to t_all, t_masked, t_form, xt_all, t_all_", "to \"t_acme\", \"t_acme_masked\", \"t_acme_form\", xt_all, t_all_",
                  STATEMENT_MIGRATION },
                { "", "", STATEMENT_ONE },
        };
        struct arena *mem = arena_open(MB(4));

        (void)state;
        for (size_t i = 0; i < COUNT(table); i++) {
                struct buf out = buf_open(mem, KB(4));
                bool found = statement_text(&out, str_of(table[i].sql), S("acme"), table[i].kind);

                buf_char(&out, '\0');
                assert_string_equal(out.p, table[i].expected);
                assert_int_equal(found, strcmp(table[i].sql, table[i].expected) != 0);
        }
        arena_close(mem);
}

static void a_statement_is_prepared_once_for_each_tenant_that_matters(void **state)
{
        struct arena *mem = arena_open(MB(4));
        struct statements *s = statement_open(mem);
        uint64_t plain, acme, beta, forget;
        str text;

        (void)state;
        plain = statement_find(s, S("select 1"), STR_NONE, mem, &text, &forget);
        assert_false(str_absent(text));
        assert_int_equal(statement_find(s, S("select 1"), S("acme"), mem, &text, &forget), plain);
        assert_true(str_absent(text));
        acme = statement_find(s, S("select tenant.f()"), S("acme"), mem, &text, &forget);
        assert_string_equal(text.p, "select \"t_acme\".f()");
        beta = statement_find(s, S("select tenant.f()"), S("beta"), mem, &text, &forget);
        assert_string_equal(text.p, "select \"t_beta\".f()");
        assert_int_not_equal(acme, beta);
        assert_int_equal(statement_find(s, S("select tenant.f()"), S("acme"), mem, &text, &forget), acme);
        statement_drop(s, acme);
        assert_int_not_equal(statement_find(s, S("select tenant.f()"), S("acme"), mem, &text, &forget), acme);
        assert_false(str_absent(text));
        statement_close(s);
        arena_close(mem);
}

static void the_least_recently_used_goes_first(void **state)
{
        struct arena *mem = arena_open(MB(64));
        struct statements *s = statement_open(mem);
        uint64_t first, second, forget;
        str text;

        (void)state;
        first = statement_find(s, S("first"), STR_NONE, mem, &text, &forget);
        second = statement_find(s, S("second"), STR_NONE, mem, &text, &forget);
        for (int i = 2; i < STATEMENTS_MAX; i++) {
                (void)statement_find(s, str_format(mem, "s%d", i), STR_NONE, mem, &text, &forget);
                assert_int_equal(forget, 0);
        }
        assert_int_equal(statement_find(s, S("first"), STR_NONE, mem, &text, &forget), first);
        (void)statement_find(s, S("one more"), STR_NONE, mem, &text, &forget);
        assert_int_equal(forget, second);
        for (int i = 0; i < 40; i++)
                statement_leak(s);
        (void)statement_find(s, S("again"), STR_NONE, mem, &text, &forget);
        assert_true(forget == STATEMENT_ALL);
        (void)statement_find(s, S("first"), STR_NONE, mem, &text, &forget);
        assert_false(str_absent(text));
        statement_clear(s, true);
        (void)statement_find(s, S("first"), STR_NONE, mem, &text, &forget);
        assert_int_equal(forget, 0);
        statement_clear(s, false);
        (void)statement_find(s, S("first"), STR_NONE, mem, &text, &forget);
        assert_true(forget == STATEMENT_ALL);
        statement_close(s);
        arena_close(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_schema_stands_only_where_the_word_stands),
                cmocka_unit_test(a_statement_is_prepared_once_for_each_tenant_that_matters),
                cmocka_unit_test(the_least_recently_used_goes_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
