/* Promises of permission.h that need no database: words and bits, and that nobody gives what they do not hold. */
#include "base/house.h"

#include "identity/permission.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx *open_cx(const char *held)
{
        static struct cx cx;

        json_start();
        cx = (struct cx){ .mem = arena_open(MB(8)), .lang = LANG_EN, .permissions = permission_parse(str_of(held)) };
        arena_current = cx.mem;
        return &cx;
}

static void words_become_bits_and_words_again(void **state)
{
        static const struct {
                const char *words, *again;
        } row[] = {
                { "", "" },
                { "record.read", "record.read" },
                { "log.read record.read", "record.read log.read" },
                { "record.read record.read  record.read", "record.read" },
                { "no.such record.write RECORD.READ record.rea record.readx", "record.write" },
                { " ", "" },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx("");

                assert_true(str_is(permission_format(cx->mem, permission_parse(str_of(row[i].words))), row[i].again));
                arena_close(cx->mem);
        }
        assert_int_equal(permission_parse(STR_NONE), 0);
}

static void every_permission_has_a_word_of_its_own(void **state)
{
        for (int p = PERM_NONE + 1; p < PERMISSIONS; p++) {
                const char *word = permission_word((enum permission)p);

                assert_non_null(strchr(word, '.'));
                assert_int_equal(permission_parse(str_of(word)), (uint64_t)1 << p);
                assert_true((permission_all() & ((uint64_t)1 << p)) != 0);
        }
        assert_int_equal(permission_all() & 7, 0); /* PUBLIC, REGISTER and NONE are nobody's to give */
}

static void public_and_none_need_nothing(void **state)
{
        struct cx *cx = open_cx("");

        assert_true(permission_held(cx, PERM_PUBLIC));
        assert_true(permission_held(cx, PERM_NONE));
        for (int p = PERM_NONE + 1; p < PERMISSIONS; p++)
                assert_false(permission_held(cx, (enum permission)p));
        arena_close(cx->mem);
}

static void only_what_is_held_can_be_given(void **state)
{
        static const struct {
                const char *held, *asked;
                rc code;
        } row[] = {
                { "record.read", "[]", RC_OK },
                { "record.read", "[\"record.read\"]", RC_OK },
                { "record.read", "[\"record.read\",\"record.write\"]", RC_FORBIDDEN },
                { "", "[\"record.read\"]", RC_FORBIDDEN },
                { "record.read", "[\"no.such\"]", RC_INVALID },
                { "record.read", "[\"\"]", RC_INVALID },
                { "record.read", "[1]", RC_INVALID },
                { "record.read", "[null]", RC_INVALID },
                { "record.read", "null", RC_INVALID },
                { "record.read", "{}", RC_INVALID },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx(row[i].held);
                uint64_t bits = 99;
                json_t *list;
                rc code;

                assert_int_equal(json_read(cx, str_of(row[i].asked), &list), RC_OK);
                code = permission_read(cx, list, "permissions", &bits);
                assert_int_equal(code, row[i].code);
                if (code != RC_OK)
                        assert_int_equal(bits, 99);
                arena_close(cx->mem);
        }
}

static void only_who_holds_it_all_may_change_it(void **state)
{
        struct cx *cx = open_cx("record.read log.read");

        assert_int_equal(permission_above(cx, 0), RC_OK);
        assert_int_equal(permission_above(cx, permission_parse(S("log.read"))), RC_OK);
        assert_int_equal(permission_above(cx, cx->permissions), RC_OK);
        assert_int_equal(permission_above(cx, permission_parse(S("log.read key.manage"))), RC_FORBIDDEN);
        arena_close(cx->mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_become_bits_and_words_again),   cmocka_unit_test(every_permission_has_a_word_of_its_own),
                cmocka_unit_test(public_and_none_need_nothing),        cmocka_unit_test(only_what_is_held_can_be_given),
                cmocka_unit_test(only_who_holds_it_all_may_change_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
