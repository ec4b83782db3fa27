/* Promises of strength.h. */
#include "base/house.h"

#include "base/strength.h"

#include <setjmp.h>
#include <cmocka.h>

static void what_is_guessed_is_told_by_kind(void **state)
{
        static const char *const none[] = { NULL }, *const given[] = { "yamadaseisakusho", NULL };
        static const struct {
                const char *text;
                enum strength_part part;
                bool weak;
        } row[] = {
                { "password", STRENGTH_WORD, true },           { "P@ssw0rd", STRENGTH_WORD, true },   { "abcdefgh", STRENGTH_REPEAT, true },
                { "aeaeaeaeaeae", STRENGTH_FREE, true },       { "qwertyuiop", STRENGTH_WORD, true }, { "zxcvfdsa", STRENGTH_KEYS, true },
                { "1985-11-22", STRENGTH_DATE, true },         { "73914826", STRENGTH_DATE, true },   { "kX4-9qzwVb", STRENGTH_FREE, false },
                { "yamadaseisakusho1", STRENGTH_GIVEN, true }, { "", STRENGTH_FREE, true },
        };
        struct arena *mem = arena_open(MB(1));

        for (size_t i = 0; i < COUNT(row); i++) {
                enum strength_part part;
                double bits = strength_bits(mem, str_of(row[i].text), given, &part);

                if ((row[i].weak && part != row[i].part) || (bits < 34) != row[i].weak)
                        fail_msg("\"%s\": part %d, %.1f bits", row[i].text, (int)part, bits);
        }
        assert_true(strength_bits(mem, S("yamadaseisakusho1"), none, NULL) > 34);
        arena_close(mem);
}

static void the_longest_is_measured_too(void **state)
{
        static const char *const none[] = { NULL };
        struct arena *mem = arena_open(MB(1));
        char text[STRENGTH_MAX];

        for (size_t i = 0; i < sizeof(text); i++)
                text[i] = (char)('!' + i * 37 % 90);
        assert_true(strength_bits(mem, (str){ text, sizeof(text) }, none, NULL) > 100);
        arena_close(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_guessed_is_told_by_kind),
                cmocka_unit_test(the_longest_is_measured_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
