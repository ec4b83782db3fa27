/* Promises of trust.h. */
#include "base/house.h"

#include "log/trust.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;
static struct note_signer log_key, rotated, witness_key[6];

static struct note_signer signer(str name, enum note_type type, uint8_t byte)
{
        uint8_t seed[ED25519_KEY_SIZE];

        memset(seed, byte, sizeof(seed));
        return note_signer_of(cx.mem, name, type, seed);
}

static str vkey(const struct note_signer *s)
{
        return note_key_write(cx.mem, &s->key);
}

/* "W0 any W0" with W0 … W5 defined, then what the row says. */
static str policy(const char *more)
{
        str text = str_format(cx.mem, "# whom we believe\n\n\t log  %s https://daicho.example/log \n", vkey(&log_key).p);

        for (int i = 0; i < 6; i++)
                text = str_format(cx.mem, "%s  witness W%d\t%s\n", text.p, i, vkey(&witness_key[i]).p);
        return str_format(cx.mem, "%s%s", text.p, more);
}

static struct trust *read_policy(const char *more)
{
        struct trust *t;

        fail_clear(&cx);
        assert_int_equal(trust_read(&cx, policy(more), &t), RC_OK);
        return t;
}

/* A checkpoint signed by the log and cosigned by the witnesses of the bit set. */
static str cosigned(const struct note_signer *log, unsigned witnesses)
{
        struct checkpoint c = { .origin = log->key.name, .size = 0 };
        str lines[8], text;
        size_t count = 0;

        merkle_empty(&c.root);
        text = checkpoint_write(cx.mem, &c);
        lines[count++] = note_sign(cx.mem, log, text, 0);
        for (unsigned i = 0; i < 6; i++)
                if (witnesses >> i & 1)
                        lines[count++] = note_sign(cx.mem, &witness_key[i], text, 1767225600 + (int)i);
        return note_write(cx.mem, text, lines, count);
}

static rc opened(const struct trust *t, const struct note_signer *log, unsigned witnesses)
{
        struct note_seal seal[TRUST_MAX] = { 0 };
        struct checkpoint c;
        struct note *note;
        rc result;

        fail_clear(&cx);
        result = trust_open(&cx, t, cosigned(log, witnesses), &c, &note, seal);
        for (unsigned i = 0; i < 6 && result == RC_OK; i++)
                assert_true(seal[i].signed_ == (witnesses >> i & 1) && (!seal[i].signed_ || seal[i].time == 1767225600 + (int)i));
        return result;
}

static void a_quorum_asks_for_what_it_says(void **state)
{
        static const struct {
                const char *policy;
                unsigned enough, few;
        } row[] = {
                { "quorum none\n", 0, 64 },
                { "quorum W2\n", 4, 1 | 2 | 8 | 16 | 32 },
                { "group g any W0 W1\nquorum g\n", 2, 4 | 8 | 16 | 32 },
                { "group g all W0 W1\nquorum g\n", 3, 2 | 4 | 8 },
                { "group g 2 W0 W1 W2\nquorum g\n", 5, 4 | 8 | 16 | 32 },
                /* the example of the specification */
                { "group x 2 W0 W1 W2\ngroup y any W3 W4 W5\ngroup both all x y\nquorum both\n", 1 | 4 | 16, 1 | 2 | 4 },
                { "group x 2 W0 W1 W2\ngroup y any W3 W4 W5\ngroup both all x y\nquorum both\n", 63, 1 | 8 | 16 | 32 },
                { "group x 2 W0 W1 W2\ngroup y all x W3\nquorum x", 3, 1 | 8 },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct trust *t = read_policy(row[i].policy);

                assert_int_equal(opened(t, &log_key, row[i].enough), RC_OK);
                if (row[i].few < 64)
                        assert_int_equal(opened(t, &log_key, row[i].few), RC_FORGED);
        }
}

static void only_the_logs_named_are_believed(void **state)
{
        struct trust *t = read_policy("quorum none\n"), *both;
        struct note_signer other = signer(S("other.example/log"), NOTE_ED25519, 77);

        assert_int_equal(opened(t, &log_key, 0), RC_OK);
        assert_int_equal(opened(t, &other, 0), RC_FORGED);
        assert_int_equal(opened(t, &rotated, 0), RC_FORGED);
        /* a key that follows another: either will do */
        both = read_policy(str_z(cx.mem, str_format(cx.mem, "log %s\nquorum none\n", vkey(&rotated).p)));
        assert_int_equal(opened(both, &log_key, 0), RC_OK);
        assert_int_equal(opened(both, &rotated, 0), RC_OK);
        assert_int_equal(opened(trust_of(cx.mem, &log_key.key), &log_key, 0), RC_OK);
}

static void what_is_no_policy_is_refused_with_its_line(void **state)
{
        const struct {
                const char *text;
                int64_t line;
        } row[] = {
                { "", 0 },
                { "log\nquorum none\n", 10 },
                { "log a b c\nquorum none\n", 10 },
                { "witness W9\nquorum none\n", 10 },
                { "group g any\nquorum g\n", 10 },
                { "group g 0 W0\nquorum g\n", 10 },
                { "group g 2 W0\nquorum g\n", 10 },
                { "group g 01 W0\nquorum g\n", 10 },
                { "group g -1 W0\nquorum g\n", 10 },
                { "group g any W0 W0\nquorum g\n", 10 },
                { "group g any later\ngroup later any W0\nquorum g\n", 10 },
                { "group g any g\nquorum g\n", 10 },
                { "group g any none\nquorum g\n", 10 },
                { "group none any W0\nquorum none\n", 10 },
                { "group W0 any W1\nquorum none\n", 10 },
                { "group g any W0\ngroup h any W0\nquorum h\n", 11 },
                { "quorum g\ngroup g any W0\n", 10 },
                { "quorum none\nquorum none\n", 11 },
                { "quorum\n", 10 },
                { "quorum none none\n", 10 },
                { "trust everybody\nquorum none\n", 10 },
                { "quorum none\r\n", 0 },
        };
        struct trust *t;

        for (size_t i = 0; i < COUNT(row); i++) {
                fail_clear(&cx);
                assert_int_equal(trust_read(&cx, policy(row[i].text), &t), RC_INVALID);
                assert_true(cx.failure.count == 1 && cx.failure.problem[0].text.n > 0);
                if (row[i].line > 0 && cx.failure.problem[0].line > 0)
                        assert_int_equal(cx.failure.problem[0].line, row[i].line);
        }
        /* the same key under two names, and a log's key as a witness's */
        fail_clear(&cx);
        assert_int_equal(trust_read(&cx, policy(str_format(cx.mem, "witness again %s\nquorum none\n", vkey(&witness_key[0]).p).p), &t), RC_INVALID);
        assert_int_equal(trust_read(&cx, policy(str_format(cx.mem, "log %s\nquorum none\n", vkey(&log_key).p).p), &t), RC_INVALID);
        assert_int_equal(trust_read(&cx, policy(str_format(cx.mem, "witness log %s\nquorum none\n", vkey(&log_key).p).p), &t), RC_INVALID);
}

static void thirty_two_of_each_are_taken_and_no_more(void **state)
{
        str text = S("quorum none\n");
        struct trust *t;

        for (int i = 0; i <= TRUST_MAX; i++) {
                struct note_signer w = signer(str_format(cx.mem, "w%d.example", i), NOTE_COSIGNATURE, (uint8_t)(100 + i));

                text = str_format(cx.mem, "%switness w%d %s\ngroup g%d all w%d\n", text.p, i, vkey(&w).p, i, i);
                fail_clear(&cx);
                assert_int_equal(trust_read(&cx, text, &t), i < TRUST_MAX ? RC_OK : RC_INVALID);
        }
}

static int start(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        log_key = signer(S("daicho.example/t/1"), NOTE_ED25519, 1);
        rotated = signer(S("daicho.example/t/1"), NOTE_ED25519, 2);
        for (uint8_t i = 0; i < 6; i++)
                witness_key[i] = signer(str_format(cx.mem, "witness%d.example", i), NOTE_COSIGNATURE, (uint8_t)(10 + i));
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
                cmocka_unit_test(a_quorum_asks_for_what_it_says),
                cmocka_unit_test(only_the_logs_named_are_believed),
                cmocka_unit_test(what_is_no_policy_is_refused_with_its_line),
                cmocka_unit_test(thirty_two_of_each_are_taken_and_no_more),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
