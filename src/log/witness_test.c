/* Promises of witness.h: every answer of the specification, in its order, on our own log of five entries. */
#include "base/house.h"

#include "log/witness.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

enum { SIZE = 9 };

static struct cx cx;
static struct note_signer log_key, stranger, witness_key;
static struct merkle_hash leaves[SIZE];

static void root_of(int64_t size, struct merkle_hash *ret)
{
        struct merkle_frontier f = { 0 };

        for (int64_t i = 0; i < size; i++)
                merkle_append(&f, &leaves[i]);
        merkle_root(&f, ret);
}

static rc node(struct cx *c, void *data, int level, int64_t index, struct merkle_hash *ret)
{
        struct merkle_hash list[SIZE];
        size_t count = (size_t)1 << level;

        memcpy(list, leaves + (index << level), count * sizeof(*list));
        merkle_fold(list, count, ret);
        return RC_OK;
}

static str text_of(int64_t size, bool forked)
{
        struct checkpoint c = { .origin = log_key.key.name, .size = size };

        root_of(size, &c.root);
        c.root.b[0] ^= forked;
        return checkpoint_write(cx.mem, &c);
}

static struct witness_request request_of(int64_t old, int64_t size, const struct note_signer *signer, bool forked)
{
        struct witness_request r = { .old = old };
        struct merkle_reader reader = { node, NULL };
        str text = text_of(size, forked), line = note_sign(cx.mem, signer, text, 0);

        if (old > 0 && old <= size)
                assert_int_equal(merkle_consistency(&cx, &reader, old, size, r.proof, &r.count), RC_OK);
        r.note = note_write(cx.mem, text, &line, 1);
        return r;
}

static int decided(const struct witness_request *r, int64_t known)
{
        struct witness_memory memory = { .size = known };
        struct checkpoint c;
        str text;
        int status;

        root_of(known, &memory.root);
        fail_clear(&cx);
        status = witness_decide(&cx, trust_of(cx.mem, &log_key.key), r, &memory, &c, &text);
        if (status == 200)
                assert_true(str_equal(checkpoint_write(cx.mem, &c), text));
        return status;
}

static void a_witness_answers_as_the_specification_says(void **state)
{
        for (int64_t known = 0; known <= SIZE; known++)
                for (int64_t old = 0; old <= SIZE; old++)
                        for (int64_t size = 0; size <= SIZE; size++) {
                                struct arena_mark mark = arena_mark(cx.mem);
                                struct witness_request r = request_of(old, size, &log_key, false), forked = request_of(old, size, &log_key, true),
                                                       unsigned_ = request_of(old, size, &stranger, false);
                                int right = old > size ? 400 : old != known ? 409 : 200;

                                assert_int_equal(decided(&r, known), right);
                                assert_int_equal(decided(&unsigned_, known), 403);
                                if (right == 200 && old == size && size > 0)
                                        assert_int_equal(decided(&forked, known), 409);
                                else if (right == 200 && old > 0)
                                        assert_int_equal(decided(&forked, known), 422);
                                arena_rewind(cx.mem, mark);
                        }
}

static void a_proof_that_does_not_fit_is_422(void **state)
{
        struct witness_request r = request_of(3, 7, &log_key, false);

        assert_int_equal(decided(&r, 3), 200);
        r.count--;
        assert_int_equal(decided(&r, 3), 422);
        r.count++;
        r.proof[r.count++] = leaves[0];
        assert_int_equal(decided(&r, 3), 422);
        r = request_of(0, 7, &log_key, false);
        r.proof[r.count++] = leaves[0];
        assert_int_equal(decided(&r, 0), 422); /* from nothing, with a proof */
        r = request_of(7, 7, &log_key, false);
        r.proof[r.count++] = leaves[0];
        assert_int_equal(decided(&r, 7), 422);
        r = request_of(0, 0, &log_key, true);
        assert_int_equal(decided(&r, 0), 422); /* the empty tree has one root */
}

static void a_log_nobody_named_is_404(void **state)
{
        struct witness_request r;
        str text = S("other.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), line = note_sign(cx.mem, &log_key, text, 0);

        r = (struct witness_request){ .note = note_write(cx.mem, text, &line, 1) };
        assert_int_equal(decided(&r, 0), 404);
        assert_true(str_is(witness_request_origin(&r), "other.example/log"));
}

static void requests_read_back_and_nothing_else_is_one(void **state)
{
        struct witness_request r = request_of(3, 7, &log_key, false), *back;
        str good = witness_request_write(cx.mem, &r), many = S("old 3\n");
        static const char *const heads[] = { "old 03\n\n", "old -3\n\n", "old\n\n", "old 3 \n\n", "new 3\n\n", "old 3\nAAAA\n\n", "old 3\n", "\n" };

        assert_int_equal(witness_request_read(&cx, good, &back), RC_OK);
        assert_true(back->old == 3 && back->count == r.count && str_equal(back->note, r.note));
        for (size_t i = 0; i < COUNT(heads); i++) {
                fail_clear(&cx);
                assert_int_equal(witness_request_read(&cx, str_format(cx.mem, "%s%.*s", heads[i], STR_ARG(r.note)), &back), RC_MALFORMED);
        }
        for (int i = 0; i <= WITNESS_PROOF_MAX; i++) {
                fail_clear(&cx);
                assert_int_equal(witness_request_read(&cx, str_format(cx.mem, "%.*s\n%.*s", STR_ARG(many), STR_ARG(r.note)), &back), RC_OK);
                many = str_format(cx.mem, "%.*sV8efTzGuApxdS9MLBzwnyU35NDiytGl+Hh7vW8A5SkE=\n", STR_ARG(many));
        }
        assert_int_equal(witness_request_read(&cx, str_format(cx.mem, "%.*s\n%.*s", STR_ARG(many), STR_ARG(r.note)), &back), RC_MALFORMED);
}

static void a_client_takes_known_cosignatures_only(void **state)
{
        struct note_signer unknown = note_signer_of(cx.mem, S("unknown.example"), NOTE_COSIGNATURE, stranger.seed);
        struct trust *t = trust_of(cx.mem, &log_key.key);
        str text = text_of(5, false), lines[TRUST_MAX], answer;
        size_t count;

        t->witness[t->witness_count++].key = witness_key.key;
        answer = str_format(cx.mem, "%.*s%.*s", STR_ARG(note_sign(cx.mem, &unknown, text, 1)), STR_ARG(note_sign(cx.mem, &witness_key, text, 2)));
        assert_int_equal(witness_answer_read(&cx, t, text, answer, lines, &count), RC_OK);
        assert_true(count == 1 && str_equal(lines[0], note_sign(cx.mem, &witness_key, text, 2)));
        assert_int_equal(witness_answer_read(&cx, t, text, note_sign(cx.mem, &unknown, text, 1), lines, &count), RC_OK);
        assert_int_equal(count, 0);
        fail_clear(&cx);
        assert_int_equal(witness_answer_read(&cx, t, text_of(6, false), answer, lines, &count), RC_FORGED);
        fail_clear(&cx);
        assert_int_equal(witness_answer_read(&cx, t, text, S("<html>"), lines, &count), RC_MALFORMED);
}

static int start(void **state)
{
        uint8_t seed[ED25519_KEY_SIZE] = { 0 };

        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        log_key = note_signer_of(cx.mem, S("daicho.example/t/1"), NOTE_ED25519, seed);
        seed[0] = 1;
        witness_key = note_signer_of(cx.mem, S("witness.example/w1"), NOTE_COSIGNATURE, seed);
        seed[0] = 2;
        stranger = note_signer_of(cx.mem, S("daicho.example/t/1"), NOTE_ED25519, seed);
        for (size_t i = 0; i < SIZE; i++)
                merkle_leaf(str_format(cx.mem, "entry %zu", i), &leaves[i]);
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
                cmocka_unit_test(a_witness_answers_as_the_specification_says),
                cmocka_unit_test(a_proof_that_does_not_fit_is_422),
                cmocka_unit_test(a_log_nobody_named_is_404),
                cmocka_unit_test(requests_read_back_and_nothing_else_is_one),
                cmocka_unit_test(a_client_takes_known_cosignatures_only),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
