/* caller_test.c - who is behind a command, from what the kernel and the environment say. */
#include "base/house.h"

#include "cli/caller.h"

#include <setjmp.h>
#include <cmocka.h>

static str name_of(struct arena *mem, int64_t uid)
{
        return uid == 0 ? S("root") : uid == 1000 ? S("sato") : uid == 997 ? S("daicho") : STR_NONE;
}

/* clang-format off */
static const struct {
        const char *loginuid, *session; int64_t uid; const char *sudo; bool attended;
        const char *name, *groups, *source; bool nameless;
} cases[] = {
        /* the kernel knows: sudo, su, cron of a person change nothing */
        { "1000",       "12",         1000, NULL,     true,  "sato",     "",              "session 12", false },
        { "1000\n",     "12\n",       0,    NULL,     true,  "sato",     "root",          "session 12", false },
        { "1000",       "12",         0,    "suzuki", true,  "sato",     "root",          "session 12", false },
        { "1000",       "12",         997,  NULL,     false, "sato",     "daicho",        "session 12", false },
        { "4711",       "12",         0,    NULL,     true,  "uid 4711", "root",          "session 12", false },
        /* somebody logged in as root: whatever the environment says */
        { "0",          "3",          0,    NULL,     true,  "root",     "",              "session 3",  true },
        { "0",          "3",          0,    "sato",   true,  "root",     "",              "session 3",  true },
        { "0",          "3",          997,  NULL,     true,  "root",     "",              "session 3",  true },
        { "0",          "3",          0,    NULL,     false, "root",     "unattended",    "session 3",  false },
        /* the kernel does not know, or has no such file: the environment is a hint and marked as one */
        { "4294967295", "4294967295", 0,    "sato",   true,  "sato",     "root (sudo)",   "-",          false },
        { NULL,         NULL,         997,  "sato",   false, "sato",     "daicho (sudo)", "-",          false },
        { NULL,         NULL,         0,    "root",   true,  "root",     "",              "-",          true },
        { "4294967295", "4294967295", 0,    NULL,     true,  "root",     "",              "-",          true },
        { "4294967295", "4294967295", 0,    NULL,     false, "root",     "unattended",    "-",          false },
        { "4294967295", "4294967295", 1000, NULL,     true,  "sato",     "",              "-",          false },
        { NULL,         NULL,         4711, NULL,     false, "uid 4711", "unattended",    "-",          false },
        /* what cannot be a number is as if it were not there */
        { "",           "",           0,    NULL,     true,  "root",     "",              "-",          true },
        { "-1",         "x",          0,    NULL,     false, "root",     "unattended",    "-",          false },
        { "99999999999999999999", "1 2", 0, NULL,     true,  "root",     "",              "-",          true },
};
/* clang-format on */

static void test_who_is_behind_a_command(void **state)
{
        struct arena *mem = arena_open(MB(1));

        for (size_t i = 0; i < COUNT(cases); i++) {
                const struct caller_facts facts = { .loginuid = str_of(cases[i].loginuid),
                                                    .session = str_of(cases[i].session),
                                                    .uid = cases[i].uid,
                                                    .sudo_user = str_of(cases[i].sudo),
                                                    .attended = cases[i].attended,
                                                    .name_of = name_of };
                struct caller c = caller_of(mem, &facts);

                if (!str_is(c.name, cases[i].name) || !str_is(c.groups, cases[i].groups) || !str_is(c.source, cases[i].source) ||
                    c.nameless != cases[i].nameless)
                        fail_msg("case %zu: %.*s, %.*s, %.*s, %d", i, STR_ARG(c.name), STR_ARG(c.groups), STR_ARG(c.source), c.nameless);
        }
        arena_close(mem);
}

static void test_where_a_session_came_from_is_an_address_or_nothing(void **state)
{
        static const struct {
                const char *text, *source;
        } told[] = {
                { "UID=1000\nREMOTE=1\nREMOTE_HOST=192.0.2.7\nTYPE=tty\n", "session 12 from 192.0.2.7" },
                { "REMOTE_HOST=2001:db8::7", "session 12 from 2001:db8::7" },
                { "REMOTE_HOST=evil.example", "session 12" },
                { "REMOTE_HOST=\n", "session 12" },
                { "REMOTE_HOST=1111111111222222222233333333334444444444555555\n", "session 12" },
                { "X_REMOTE_HOST=192.0.2.7\n", "session 12" },
                { "", "session 12" },
                { NULL, "session 12" },
        };
        struct arena *mem = arena_open(MB(1));

        for (size_t i = 0; i < COUNT(told); i++) {
                const struct caller_facts facts = {
                        .loginuid = S("1000"), .session = S("12"), .remote = str_of(told[i].text), .uid = 1000, .name_of = name_of
                };

                assert_true(str_is(caller_of(mem, &facts).source, told[i].source));
        }
        arena_close(mem);
}

static void test_this_process_has_somebody_behind_it(void **state)
{
        struct arena *mem = arena_open(MB(1));

        assert_true(caller_read(mem).name.n > 0);
        arena_close(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_is_behind_a_command),
                cmocka_unit_test(test_where_a_session_came_from_is_an_address_or_nothing),
                cmocka_unit_test(test_this_process_has_somebody_behind_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
