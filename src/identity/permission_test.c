/* Promises of permission.h that need no database: words and rights, what holds for one register, and that nobody gives what they do not hold. */
#include "base/house.h"

#include "identity/permission.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx *open_cx(const char *held)
{
        static struct cx cx;

        json_start();
        cx = (struct cx){ .mem = arena_open(MB(8)), .lang = LANG_EN };
        arena_current = cx.mem;
        cx.permissions = permission_parse(cx.mem, str_of(held));
        return &cx;
}

static void words_become_rights_and_words_again(void **state)
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
                { "record.read:customers", "record.read:customers" },
                { "record.write:a record.read:b record.read:a log.read", "log.read record.read:a record.write:a record.read:b" },
                { "record.read -record.read:a", "record.read -record.read:a" },
                { "log.read:a personal.see:a record.read: record.read:a:b -record.read -log.read", "record.read:a:b" },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx("");
                struct rights r = permission_parse(cx->mem, str_of(row[i].words));

                assert_true(str_is(permission_format(cx->mem, &r), row[i].again));
                arena_close(cx->mem);
        }
}

static void every_permission_has_a_word_of_its_own(void **state)
{
        struct cx *cx = open_cx("");

        for (int p = PERM_NONE + 1; p < PERMISSIONS; p++) {
                const char *word = permission_word((enum permission)p);

                assert_non_null(strchr(word, '.'));
                assert_int_equal(permission_parse(cx->mem, str_of(word)).all, (uint64_t)1 << p);
                assert_true((permission_all().all & ((uint64_t)1 << p)) != 0);
        }
        assert_int_equal(permission_all().all & 7, 0); /* PUBLIC, REGISTER and NONE are nobody's to give */
        arena_close(cx->mem);
}

static void public_and_none_need_nothing(void **state)
{
        struct cx *cx = open_cx("");

        assert_true(permission_held(cx, PERM_PUBLIC) && permission_held_for(cx, PERM_PUBLIC, S("a")));
        assert_true(permission_held(cx, PERM_NONE) && permission_held_for(cx, PERM_NONE, S("a")));
        assert_false(permission_held_for(cx, PERM_REGISTER, S("a")) || permission_held_somewhere(cx, PERM_REGISTER));
        for (int p = PERM_NONE + 1; p < PERMISSIONS; p++) {
                assert_false(permission_held(cx, (enum permission)p));
                assert_false(permission_held_for(cx, (enum permission)p, S("a")));
                assert_false(permission_held_somewhere(cx, (enum permission)p));
        }
        arena_close(cx->mem);
}

static void a_register_has_what_is_held_for_it(void **state)
{
        static const struct {
                const char *held, *name;
                enum permission p;
                bool everywhere, here, somewhere;
        } row[] = {
                { "record.read", "a", PERM_RECORD_READ, true, true, true },
                { "record.read:a", "a", PERM_RECORD_READ, false, true, true },
                { "record.read:a", "b", PERM_RECORD_READ, false, false, true },
                { "record.read:a", "", PERM_RECORD_READ, false, false, true },
                { "record.read:a", "aa", PERM_RECORD_READ, false, false, true },
                { "record.read:a", "a", PERM_RECORD_WRITE, false, false, false },
                { "record.read -record.read:a", "a", PERM_RECORD_READ, true, false, true },
                { "record.read -record.read:a", "b", PERM_RECORD_READ, true, true, true },
                { "record.read record.write -record.read:a", "a", PERM_RECORD_WRITE, true, true, true },
                { "record.read:a -record.read:a", "a", PERM_RECORD_READ, false, false, false },
                { "record.export:a", "a", PERM_REGISTER, false, true, true },
                { "log.read", "a", PERM_REGISTER, false, false, false },
                { "log.read", "a", PERM_LOG_READ, true, true, true },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx(row[i].held);
                bool all;
                str names;

                if (row[i].p != PERM_REGISTER)
                        assert_int_equal(permission_held(cx, row[i].p), row[i].everywhere);
                assert_int_equal(permission_held_for(cx, row[i].p, str_of(row[i].name)), row[i].here);
                assert_int_equal(permission_held_somewhere(cx, row[i].p), row[i].somewhere);
                permission_registers(cx, row[i].p, &all, &names);
                assert_int_equal(all != str_is(names, row[i].name), row[i].here);
                arena_close(cx->mem);
        }
}

static void only_what_is_held_can_be_given(void **state)
{
        static const struct {
                const char *held, *before, *asked;
                rc code;
        } row[] = {
                { "record.read", "", "[]", RC_OK },
                { "record.read", "", "[\"record.read\"]", RC_OK },
                { "record.read", "", "[\"record.read\",\"record.write\"]", RC_FORBIDDEN },
                { "", "", "[\"record.read\"]", RC_FORBIDDEN },
                { "", "record.read", "[\"record.read\"]", RC_OK },
                { "record.read:a", "", "[\"record.read\"]", RC_FORBIDDEN },
                { "record.read -record.read:a", "", "[\"record.read\"]", RC_FORBIDDEN },
                { "record.read -record.read:a", "record.read:a", "[\"record.read\"]", RC_OK },
                { "record.read", "", "[\"no.such\"]", RC_INVALID },
                { "record.read", "", "[\"-record.read\"]", RC_INVALID },
                { "record.read", "", "[\"log.read:a\"]", RC_INVALID },
                { "record.read", "", "[\"record.read:\"]", RC_INVALID },
                { "record.read", "", "[\"\"]", RC_INVALID },
                { "record.read", "", "[1]", RC_INVALID },
                { "record.read", "", "[null]", RC_INVALID },
                { "record.read", "", "null", RC_INVALID },
                { "record.read", "", "{}", RC_INVALID },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx(row[i].held);
                struct rights before = permission_parse(cx->mem, str_of(row[i].before)), r = { .all = 99 };
                json_t *list;
                rc code;

                assert_int_equal(json_read(cx, str_of(row[i].asked), &list), RC_OK);
                code = permission_read(cx, list, "permissions", &before, &r);
                assert_int_equal(code, row[i].code);
                if (code != RC_OK)
                        assert_int_equal(r.all, 99);
                arena_close(cx->mem);
        }
}

static void only_who_holds_it_all_may_change_it(void **state)
{
        static const struct {
                const char *held, *theirs;
                rc code;
        } row[] = {
                { "record.read log.read", "", RC_OK },
                { "record.read log.read", "log.read", RC_OK },
                { "record.read log.read", "log.read key.manage", RC_FORBIDDEN },
                { "record.read log.read", "record.read:a", RC_OK },
                { "record.read:a", "record.read:a", RC_OK },
                { "record.read:a", "record.read:b", RC_FORBIDDEN },
                { "record.read -record.read:a", "record.read", RC_FORBIDDEN },
                { "record.read -record.read:a", "record.read -record.read:a", RC_OK },
                { "record.read -record.read:a", "record.read:a", RC_FORBIDDEN },
                { "record.read", "record.read -record.read:a", RC_OK },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx(row[i].held);
                struct rights theirs = permission_parse(cx->mem, str_of(row[i].theirs));

                assert_int_equal(permission_above(cx, &theirs), row[i].code);
                arena_close(cx->mem);
        }
}

static void what_is_gained_must_be_held(void **state)
{
        static const struct {
                const char *held, *before, *after;
                rc code;
        } row[] = {
                { "account.manage", "record.read", "record.read", RC_OK },
                { "account.manage", "record.read -record.read:a", "record.read", RC_FORBIDDEN }, /* a denial taken back */
                { "record.read:a", "record.read -record.read:a", "record.read", RC_OK },
                { "account.manage", "record.read", "", RC_OK },
                { "account.manage", "", "record.read:a", RC_FORBIDDEN },
                { "record.read", "", "record.read:a", RC_OK },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct cx *cx = open_cx(row[i].held);
                struct rights before = permission_parse(cx->mem, str_of(row[i].before)), after = permission_parse(cx->mem, str_of(row[i].after));

                assert_int_equal(permission_gain(cx, &before, &after), row[i].code);
                arena_close(cx->mem);
        }
}

static void what_two_groups_give_is_given(void **state)
{
        struct cx *cx = open_cx("");
        struct rights a = permission_parse(cx->mem, S("record.read:a log.read")), b = permission_parse(cx->mem, S("record.read:b record.write:a"));
        struct rights both = permission_join(cx->mem, &a, &b);

        assert_true(str_is(permission_format(cx->mem, &both), "log.read record.read:a record.write:a record.read:b"));
        a = permission_parse(cx->mem, S("record.read -record.read:a"));
        b = permission_parse(cx->mem, S("record.read:a"));
        both = permission_join(cx->mem, &a, &b);
        assert_true(str_is(permission_format(cx->mem, &both), "record.read record.read:a"));
        arena_close(cx->mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_become_rights_and_words_again), cmocka_unit_test(every_permission_has_a_word_of_its_own),
                cmocka_unit_test(public_and_none_need_nothing),        cmocka_unit_test(a_register_has_what_is_held_for_it),
                cmocka_unit_test(only_what_is_held_can_be_given),      cmocka_unit_test(only_who_holds_it_all_may_change_it),
                cmocka_unit_test(what_is_gained_must_be_held),         cmocka_unit_test(what_two_groups_give_is_given),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
