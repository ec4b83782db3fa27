/* format_test.c - translations of refusals take the same arguments as the English, in any order. */
#include "base/house.h"

#include "page/format.h"

#include <setjmp.h>
#include <cmocka.h>

static void arguments_must_agree(void **state)
{
        static const struct {
                const char *english, *translation;
                bool agree;
        } cases[] = {
                { "plain", "文", true },
                { "at most %d bytes", "%dバイトまで", true },
                { "%s is %d", "%2$dは%1$s", true },
                { "%s is %d", "%dは%s", false },
                { "%s", "%d", false },
                { "%s", "", false },
                { "%s", "%s%s", false },
                { "%zu items", "%zu件", true },
                { "%zu items", "%d件", false },
                { "%ld bytes", "%ldバイト", true },
                { "100 %% of %s", "%sの100 %%", true },
                { "\"%.*s\"", "「%.*s」", true },
                { "\"%.*s\"", "「%s」", false },
                { "x", "%n", false },
                { "x", "%", false },
        };

        for (size_t i = 0; i < COUNT(cases); i++)
                if (format_agrees(cases[i].english, cases[i].translation) != cases[i].agree)
                        fail_msg("%s / %s", cases[i].english, cases[i].translation);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(arguments_must_agree) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
